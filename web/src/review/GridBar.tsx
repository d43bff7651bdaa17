// Below the batch: the labels with their keys, and the way on.

import type { App } from "../api/types";
import { colourOf } from "../domain/colours";
import { useDesk } from "../shell/desk";
import { useStore } from "../state/store";
import { texts } from "../texts";
import { Button, IconButton } from "../ui/Button";
import { Swatch } from "../ui/Select";
import bar from "./FlowBar.module.css";
import styles from "./GridReview.module.css";
import type { Card } from "./useBatch";

interface GridBarProps {
  app: App;
  cards: readonly (Card | null)[];
  picked: number;
  onLabel: (label: string) => void;
  onComplete: () => void;
  onSkip: () => void;
  onUndo: () => void;
  onKeys: () => void;
}

export function GridBar(props: GridBarProps) {
  const { app, cards, picked, onLabel, onComplete, onSkip, onUndo, onKeys } = props;
  const { changes, phase } = useStore(useDesk().outbox);
  const ready = cards.filter((card) => card?.about != null).length;
  const missing = cards.length - ready;
  const state =
    changes.length === 0
      ? texts.review.saved
      : phase === "unreachable"
        ? texts.review.unreachable
        : texts.review.saving;
  return (
    <footer className={styles.bar}>
      <div className={styles.labels}>
        <span className={styles.hint}>{texts.queue.labelAs(picked)}</span>
        {app.labels.map((label, at) => (
          <Button key={label} onClick={() => onLabel(label)}>
            <Swatch colour={colourOf(label, app.labels)} />
            {label}
            {at < 9 && <kbd className={bar.key}>{at + 1}</kbd>}
          </Button>
        ))}
      </div>
      <div className={styles.ways}>
        <span className={styles.hint} role="status">
          {missing > 0 ? texts.queue.unlabelled(missing) : state}
        </span>
        <IconButton icon="undo" name={texts.stage.undo} onClick={onUndo} />
        <IconButton className={bar.keys} icon="keys" name={texts.stage.keys} onClick={onKeys} />
        <Button onClick={onSkip}>
          {texts.queue.skip}
          <kbd className={bar.key}>S</kbd>
        </Button>
        <Button kind="primary" icon="check" disabled={ready === 0} onClick={onComplete}>
          {texts.queue.confirmBatch(ready)}
          <kbd className={bar.key}>{texts.queue.enter}</kbd>
        </Button>
      </div>
    </footer>
  );
}
