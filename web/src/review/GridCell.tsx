// One image of the batch: its picture, and the label that it has or is thought to have.

import { type MouseEvent, useState } from "react";
import { pictureAddress } from "../api/queries";
import type { QueueItem } from "../api/queue";
import type { App } from "../api/types";
import { colourOf } from "../domain/colours";
import { texts } from "../texts";
import { Icon } from "../ui/Icon";
import { Swatch } from "../ui/Select";
import styles from "./GridCell.module.css";
import { CELL_SIZE } from "./GridReview";
import type { Card } from "./useBatch";

interface GridCellProps {
  app: App;
  item: QueueItem;
  card: Card | null;
  isPicked: boolean;
  isCursor: boolean;
  onPick: (how: "only" | "toggle" | "run") => void;
  onOpen: () => void;
}

export function GridCell(props: GridCellProps) {
  const { app, item, card, isPicked, isCursor, onPick, onOpen } = props;
  const [failed, setFailed] = useState(false);
  const label = card?.truth ?? card?.about?.label ?? item.best?.label ?? null;
  const isSaid = card !== null && card.truth !== null;
  const score = isSaid ? null : (card?.about?.score ?? item.best?.score ?? null);
  const onClick = (event: MouseEvent) =>
    onPick(event.shiftKey ? "run" : event.ctrlKey || event.metaKey ? "toggle" : "only");
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the page listens to the keys of all cells
    <div
      role="option"
      className={styles.cell}
      tabIndex={isCursor ? 0 : -1}
      aria-selected={isPicked}
      aria-label={texts.queue.cell(label, isSaid)}
      data-said={isSaid}
      onClick={onClick}
      onDoubleClick={onOpen}
    >
      {failed ? (
        <p className={styles.missing}>{texts.predict.noPicture}</p>
      ) : (
        <img
          className={styles.picture}
          src={pictureAddress(item.object_id, CELL_SIZE)}
          alt=""
          draggable={false}
          onError={() => setFailed(true)}
        />
      )}
      <p className={styles.caption}>
        {label !== null && <Swatch colour={colourOf(label, app.labels)} />}
        <span className={styles.label}>{label ?? texts.queue.noLabel}</span>
        {isSaid && <Icon name="check" />}
        {score !== null && <span className={styles.score}>{texts.findings.score(score)}</span>}
      </p>
    </div>
  );
}
