// What to do with a new project, one step after the other; gone when all is done.

import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { Step } from "../api/layers";
import type { App, Role } from "../api/types";
import { pagesFor } from "../shell/pages";
import { texts } from "../texts";
import buttons from "../ui/Button.module.css";
import { Code } from "../ui/Code";
import { Icon } from "../ui/Icon";
import styles from "./FirstSteps.module.css";
import sections from "./Section.module.css";

interface FirstStepsProps {
  steps: readonly Step[];
  // The application that the steps are tried on.
  app: App | undefined;
  role: Role;
}

export function FirstSteps({ steps, app, role }: FirstStepsProps) {
  const next = steps.find(({ done }) => !done)?.name;
  if (next === undefined || app === undefined) return null;
  const done = steps.filter((step) => step.done).length;
  return (
    <details className={styles.steps} open>
      <summary className={styles.head}>
        <h2 className={sections.title}>{texts.steps.title}</h2>
        <span className={styles.progress}>{texts.steps.progress(done, steps.length)}</span>
        <Icon name="chevron" />
      </summary>
      <ol className={styles.list}>
        {steps.map((step, index) => (
          <StepItem key={step.name} step={step} number={index + 1} isNext={step.name === next}>
            <Action name={step.name} app={app} role={role} />
          </StepItem>
        ))}
      </ol>
    </details>
  );
}

interface StepItemProps {
  step: Step;
  number: number;
  isNext: boolean;
  children: ReactNode;
}

// The next step is open; any other opens when it is asked for.
function StepItem({ step: { name, done }, number, isNext, children }: StepItemProps) {
  const [asked, setAsked] = useState<boolean | null>(null);
  const isOpen = asked ?? isNext;
  return (
    <li className={styles.step} data-done={done} data-open={isOpen}>
      <button
        type="button"
        className={styles.row}
        aria-expanded={isOpen}
        onClick={() => setAsked(!isOpen)}
      >
        <span className={styles.number} aria-hidden="true">
          {done ? <Icon name="check" size={14} /> : number}
        </span>
        <span className={styles.name}>{texts.steps[name].title}</span>
        {done && <span className="visually-hidden">{texts.steps.done}</span>}
        <Icon name="chevron" />
      </button>
      {isOpen && (
        <div className={styles.body}>
          <p className={styles.text}>{texts.steps[name].text}</p>
          {children}
        </div>
      )}
    </li>
  );
}

function Action({ name, app, role }: { name: Step["name"]; app: App; role: Role }) {
  const mayOpen = (page: string) => pagesFor(role).some((each) => each.name === page);
  const way = `${buttons.button} ${buttons.primary}`;
  if (name === "upload") {
    return mayOpen("predict") ? (
      <Link to="/predict/$app" params={{ app: app.app }} className={way}>
        {texts.steps.upload.action}
      </Link>
    ) : null;
  }
  if (name === "correct") {
    return mayOpen("review") ? (
      <Link to="/review/$app" params={{ app: app.app }} className={way}>
        {texts.steps.correct.action}
      </Link>
    ) : (
      <p className={styles.text}>{texts.steps.correct.other}</p>
    );
  }
  return (
    <div className={styles.command}>
      <p className={styles.where}>{texts.steps.command}</p>
      <Code name={texts.steps[name].title}>{commandOf(name, app)}</Code>
    </div>
  );
}

function commandOf(name: "history" | "query" | "retrain", app: App): string {
  if (name !== "retrain") return texts.steps[name].command;
  // Versions are numbered: the next one follows the champion.
  const last = Number(/-(\d+)$/.exec(app.champion ?? "")?.[1] ?? 0);
  return texts.steps.retrain.command(app.app, `${app.app}-${last + 1}`);
}
