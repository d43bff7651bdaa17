// Above several pictures: the labels with their keys and counts, what is saved, and the ways on.

import type { App } from "../api/types";
import { colourOf } from "../domain/colours";
import { texts } from "../texts";
import { Button, IconButton } from "../ui/Button";
import { Swatch } from "../ui/Select";
import { SaveState } from "../workspace/SaveState";
import type { ReviewDesk } from "../workspace/useReview";
import { openOf } from "./FlowBar";
import flow from "./FlowBar.module.css";
import styles from "./SeveralBar.module.css";

interface SeveralBarProps {
  app: App;
  reviews: readonly ReviewDesk[];
  onLabel: (label: string) => void;
  onUndo: () => void;
  onRedo: () => void;
  onKeys: () => void;
  // Null on the first batch.
  onBack: (() => void) | null;
  onAsItIs: () => void;
  onAccept: () => void;
}

export function SeveralBar(props: SeveralBarProps) {
  const { app, reviews, onBack } = props;
  const findings = reviews.flatMap((review) => review.findings);
  const standing = findings.filter(
    ({ verdict, source }) => verdict !== "rejected" && source !== "candidate",
  );
  const open = reviews.flatMap(openOf).length;
  const isNone = reviews.length === 0;
  return (
    <header className={styles.bar}>
      <ul className={styles.labels} aria-label={texts.findings.labels}>
        {app.labels.map((label, at) => (
          <li key={label}>
            <Button disabled={isNone} onClick={() => props.onLabel(label)}>
              <Swatch colour={colourOf(label, app.labels)} />
              {label}
              <b className={styles.count}>{standing.filter((one) => one.label === label).length}</b>
              {at < 9 && <kbd className={flow.key}>{at + 1}</kbd>}
            </Button>
          </li>
        ))}
      </ul>
      <div className={styles.ways}>
        <SaveState review={together(reviews)} />
        <IconButton
          icon="undo"
          name={texts.stage.undo}
          disabled={!reviews.some(({ mayUndo }) => mayUndo)}
          onClick={props.onUndo}
        />
        <IconButton
          icon="redo"
          name={texts.stage.redo}
          disabled={!reviews.some(({ mayRedo }) => mayRedo)}
          onClick={props.onRedo}
        />
        <IconButton icon="keys" name={texts.stage.keys} onClick={props.onKeys} />
        <Button disabled={onBack === null} aria-keyshortcuts="B" onClick={onBack ?? undefined}>
          {texts.queue.back}
          <kbd className={flow.key}>B</kbd>
        </Button>
        <Button disabled={isNone} aria-keyshortcuts="C" onClick={props.onAsItIs}>
          {texts.queue.asTheyAre}
          <kbd className={flow.key}>C</kbd>
        </Button>
        <Button
          kind="primary"
          icon="check"
          disabled={isNone}
          aria-keyshortcuts="Space A"
          onClick={props.onAccept}
        >
          {open > 0 ? texts.queue.accept(open) : texts.queue.next}
          <kbd className={flow.key}>{texts.queue.space}</kbd>
        </Button>
      </div>
    </header>
  );
}

// What is unsaved of all of them.
function together(reviews: readonly ReviewDesk[]) {
  return {
    unsaved: reviews.flatMap(({ unsaved }) => unsaved),
    phase: reviews[0]?.phase ?? "resting",
    retry: () => {
      for (const review of reviews) review.retry();
    },
    discard: () => {
      for (const review of reviews) review.discard();
    },
  };
}
