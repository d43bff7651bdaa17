// One image of the grid: its picture with its boxes, what is in it, and a box to choose it.

// biome-ignore-all lint/a11y/useSemanticElements: what lies at its place in a window is no table

import { type MouseEvent, memo } from "react";
import type { ImageCard } from "../api/images";
import { texts } from "../texts";
import { Icon } from "../ui/Icon";
import { Caption, saidOf } from "./Caption";
import styles from "./Cell.module.css";
import type { GridSize } from "./layout";
import { Overlay } from "./Overlay";
import { Thumbnail } from "./Thumbnail";

export interface CellDeeds {
  // Where a click leads, for a new tab too.
  addressOf(place: number, card: ImageCard): string;
  open(place: number): void;
  choose(place: number, chosen: boolean): void;
  chooseTo(place: number): void;
  colourOf(label: string): string;
}

interface CellProps {
  place: number;
  column: number;
  // Undefined while it is on its way.
  card: ImageCard | undefined;
  pictureSize: number;
  height: number;
  size: GridSize;
  isActive: boolean;
  isChosen: boolean;
  deeds: CellDeeds;
}

export const Cell = memo(function Cell(props: CellProps) {
  const { place, column, card, height, size, isActive, isChosen, deeds } = props;
  const name = texts.grid.cell(place + 1, card === undefined ? [] : saidOf(card));
  return (
    <div
      role="gridcell"
      className={styles.cell}
      tabIndex={isActive ? 0 : -1}
      aria-colindex={column + 1}
      aria-selected={isChosen}
      aria-busy={card === undefined}
      data-place={place}
    >
      <span className="visually-hidden">{name}</span>
      <div className={styles.frame} style={{ height }}>
        {card === undefined ? (
          <span className={styles.placeholder} />
        ) : (
          <Picture {...props} card={card} />
        )}
        {card !== undefined && (
          <button
            type="button"
            className={styles.choice}
            tabIndex={-1}
            aria-pressed={isChosen}
            aria-label={texts.grid.select(place + 1)}
            onClick={(event) =>
              event.shiftKey ? deeds.chooseTo(place) : deeds.choose(place, !isChosen)
            }
          >
            <Icon name="check" size={12} />
          </button>
        )}
        {card?.requested && (
          <span className={styles.flag} title={texts.grid.requested}>
            <Icon name="review" size={14} />
          </span>
        )}
        {size === "s" && card?.reviewed && (
          <span className={styles.done} title={texts.grid.reviewed}>
            <Icon name="check" size={12} />
          </span>
        )}
      </div>
      {size !== "s" && <Caption card={card} colourOf={deeds.colourOf} />}
    </div>
  );
});

// A link, so that it opens in a new tab as links do; the keys are those of the grid.
function Picture({ place, card, pictureSize, isChosen, deeds }: CellProps & { card: ImageCard }) {
  const onClick = (event: MouseEvent) => {
    event.preventDefault();
    if (event.shiftKey) deeds.chooseTo(place);
    else if (event.ctrlKey || event.metaKey) deeds.choose(place, !isChosen);
    else deeds.open(place);
  };
  return (
    <a
      className={styles.link}
      href={deeds.addressOf(place, card)}
      tabIndex={-1}
      draggable={false}
      aria-label={texts.grid.open(place + 1)}
      onClick={onClick}
    >
      <Thumbnail key={card.object_id} objectId={card.object_id} size={pictureSize}>
        <Overlay picture={card} boxes={card.boxes} colourOf={deeds.colourOf} />
      </Thumbnail>
    </a>
  );
}
