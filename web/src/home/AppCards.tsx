// The applications of the project: what each one tells apart, by which model, and its pages.

import { Link } from "@tanstack/react-router";
import type { App, Role } from "../api/types";
import { colourOf } from "../domain/colours";
import { pagesFor } from "../shell/pages";
import { texts } from "../texts";
import buttons from "../ui/Button.module.css";
import { Swatch } from "../ui/Select";
import styles from "./AppCards.module.css";
import sections from "./Section.module.css";

export function AppCards({ apps, role }: { apps: readonly App[]; role: Role }) {
  return (
    <section aria-labelledby="apps">
      <h2 id="apps" className={sections.title}>
        {texts.apps.title}
      </h2>
      <ul className={styles.list}>
        {apps.map((app) => (
          <AppCard key={app.app} app={app} role={role} />
        ))}
      </ul>
    </section>
  );
}

function AppCard({ app, role }: { app: App; role: Role }) {
  const { champion, task, labels } = app;
  return (
    <li className={styles.card}>
      <div className={styles.words}>
        <h3 className={styles.name}>{app.app}</h3>
        <p className={styles.facts}>
          {texts.apps.tasks[task]},{" "}
          {champion === null ? texts.apps.noChampion : texts.apps.champion(champion)}
        </p>
        <ul className={styles.labels} aria-label={texts.apps.labels(app.app)}>
          {labels.map((label) => (
            <li key={label} className={styles.label}>
              <Swatch colour={colourOf(label, labels)} />
              {label}
            </li>
          ))}
        </ul>
      </div>
      <div className={styles.ways}>
        {pagesFor(role)
          .filter(({ to }) => to !== "/")
          .map(({ name, to }) => (
            <Link
              key={name}
              to={to}
              params={{ app: app.app }}
              className={`${buttons.button} ${buttons.plain}`}
              aria-label={`${texts.shell.pages[name]}: ${app.app}`}
            >
              {texts.shell.pages[name]}
            </Link>
          ))}
      </div>
    </li>
  );
}
