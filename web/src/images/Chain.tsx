// What became of an image, from its arrival to the models that learned from it.

import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { ImageChain } from "../api/images";
import { fullTime, shortTime, texts } from "../texts";
import { personOf } from "../texts/people";
import { Icon, type IconName } from "../ui/Icon";
import styles from "./Chain.module.css";
import { type Chapter, changeOf, chaptersOf, countsOf } from "./chain";

interface ChainProps {
  app: string;
  chain: ImageChain;
  // The inference whose boxes are on the picture.
  shownId: string | null;
  onShow: (inferenceId: string) => void;
}

const ICONS: Record<Chapter["kind"], IconName> = {
  arrived: "upload",
  predicted: "eye",
  said: "edit",
  reviewed: "check",
  frozen: "snapshot",
  learned: "restore",
};

export function Chain(props: ChainProps) {
  return (
    <ol className={styles.chain}>
      {chaptersOf(props.chain).map((chapter) => (
        <li key={keyOf(chapter)} className={styles.chapter} data-kind={chapter.kind}>
          <span className={styles.icon}>
            <Icon name={ICONS[chapter.kind]} size={14} />
          </span>
          <Told chapter={chapter} {...props} />
        </li>
      ))}
    </ol>
  );
}

function Told({ chapter, ...props }: ChainProps & { chapter: Chapter }) {
  const { chain } = props;
  switch (chapter.kind) {
    case "arrived": {
      const { source } = chapter;
      const title = source === null ? texts.chain.arrived : texts.chain.arrivedFrom(source);
      return <Entry title={title} at={chapter.at} />;
    }
    case "predicted":
      return <Predicted inference={chapter.inference} at={chapter.at} {...props} />;
    case "said":
      return <Said chapter={chapter} chain={chain} />;
    case "reviewed":
      return (
        <Entry
          title={texts.chain.reviewed(chapter.review.annotators.map(personOf).join(", "))}
          at={chapter.at}
        >
          {chapter.review.is_truth
            ? `${texts.chain.isTruth}: ${texts.chain.truthOf(chain.truth.length)}`
            : texts.chain.notTruth}
        </Entry>
      );
    case "frozen":
      return (
        <Entry title={texts.chain.frozen(chapter.snapshot.name)} at={chapter.at}>
          <Link
            to="/images/$app"
            params={{ app: props.app }}
            search={{ snapshot: chapter.snapshot.name }}
          >
            {texts.chain.part(chapter.snapshot.part)}
          </Link>
        </Entry>
      );
    case "learned": {
      const { version, alias, trained_on } = chapter.model;
      return (
        <Entry title={texts.chain.learned(version)} badge={aliasOf(alias)}>
          {texts.chain.through(trained_on ?? "")}
        </Entry>
      );
    }
  }
}

interface EntryProps {
  title: string;
  badge?: string | undefined;
  at?: string;
  children?: ReactNode;
}

function Entry({ title, badge, at, children }: EntryProps) {
  return (
    <div className={styles.entry}>
      <p className={styles.title}>
        {title}
        {badge !== undefined && <span className={styles.badge}>{badge}</span>}
      </p>
      {children !== undefined && <div className={styles.detail}>{children}</div>}
      {at !== undefined && (
        <time className={styles.time} dateTime={at} title={fullTime(at)}>
          {shortTime(at)}
        </time>
      )}
    </div>
  );
}

interface PredictedProps extends ChainProps {
  inference: ImageChain["inferences"][number];
  at: string;
}

function Predicted({ inference, at, app, chain, shownId, onShow }: PredictedProps) {
  const { inference_id, model_version, predictions, threshold } = inference;
  if (model_version === null) return <Entry title={texts.chain.kept} at={at} />;
  const alias = chain.models.find(({ version }) => version === model_version)?.alias ?? null;
  const found = `${texts.chain.found(predictions.length)} ${texts.chain.at(threshold)}`;
  return (
    <Entry title={texts.chain.predicted(model_version)} badge={aliasOf(alias)} at={at}>
      <Link to="/predict/$app/$inferenceId" params={{ app, inferenceId: inference_id }}>
        {found}
      </Link>
      {chain.inferences.length > 1 && (
        <button
          type="button"
          className={styles.show}
          aria-pressed={inference_id === shownId}
          onClick={() => onShow(inference_id)}
        >
          {inference_id === shownId ? texts.image.selected : texts.chain.show}
        </button>
      )}
    </Entry>
  );
}

interface SaidProps {
  chapter: Extract<Chapter, { kind: "said" }>;
  chain: ImageChain;
}

function Said({ chapter, chain }: SaidProps) {
  const summary = countsOf(chapter.annotations)
    .map(([action, number]) => texts.chain.actions[action](number))
    .join(", ");
  return (
    <Entry title={texts.chain.said(personOf(chapter.who))} at={chapter.at}>
      <details className={styles.details}>
        <summary>{summary}</summary>
        <ul>
          {chapter.annotations.map((one) => {
            const { from, to } = changeOf(one, chain);
            return (
              <li key={one.annotation_id}>
                <span>{texts.chain.verbs[one.action]}</span>
                <span>{texts.chain.change(from, to)}</span>
              </li>
            );
          })}
        </ul>
      </details>
    </Entry>
  );
}

function aliasOf(alias: string | null): string | undefined {
  return alias === null ? undefined : (texts.chain.alias[alias] ?? alias);
}

function keyOf(chapter: Chapter): string {
  switch (chapter.kind) {
    case "predicted":
      return chapter.inference.inference_id;
    case "said":
      return chapter.annotations[0]?.annotation_id ?? chapter.at;
    case "frozen":
      return `snapshot ${chapter.snapshot.name}`;
    case "learned":
      return `model ${chapter.model.version}`;
    default:
      return `${chapter.kind} ${chapter.at}`;
  }
}
