// The grid of images: only the rows near sight exist, whatever there is in all. One stop for Tab;
// within, the arrow keys.

// biome-ignore-all lint/a11y/useSemanticElements: what lies at its place in a window is no table
// biome-ignore-all lint/a11y/useFocusableInteractive: the cells have the focus, not their rows

import {
  type FocusEvent,
  type KeyboardEvent,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { ImageCard, ImageFilter } from "../api/images";
import type { Size } from "../domain/geometry";
import { useSize } from "../stage/useView";
import { texts } from "../texts";
import { Button } from "../ui/Button";
import { Cell, type CellDeeds } from "./Cell";
import styles from "./Grid.module.css";
import { type GridSize, layoutOf, pictureSize, placeAfter } from "./layout";
import { isChosen, type Selection } from "./selection";
import { useBlocks } from "./useBlocks";
import { useChoosing } from "./useChoosing";
import { useRows } from "./useRows";

export interface GridProps {
  app: string;
  filter: ImageFilter;
  total: number;
  size: GridSize;
  // Width by height of most of the pictures.
  aspect: number;
  selection: Selection;
  onSelect: (selection: Selection) => void;
  // Where one was before, to start there with the focus; null at the first look.
  start: number | null;
  onActive: (place: number) => void;
  addressOf: (place: number, card: ImageCard) => string;
  onOpen: (place: number, card: ImageCard) => void;
  colourOf: (label: string) => string;
}

export function Grid(props: GridProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const room = useSize(scroller);
  return (
    <div ref={scroller} className={styles.scroller}>
      {room !== null && room.width > 0 && <Rows {...props} scroller={scroller} room={room} />}
    </div>
  );
}

interface RowsProps extends GridProps {
  scroller: React.RefObject<HTMLDivElement | null>;
  room: Size;
}

function Rows(props: RowsProps) {
  const { app, filter, total, size, aspect, selection, onSelect, start, scroller, room } = props;
  const [active, setActive] = useState(Math.min(start ?? 0, total - 1));
  // Whoever comes back has the focus where it was, unless it is on something else.
  const takesFocus = useRef<boolean | "free">(start !== null && "free");
  const grid = useRef<HTMLDivElement>(null);
  const description = useId();
  const layout = layoutOf(room.width, total, size, aspect);
  const rows = useRows(scroller, layout, room, total, active);
  const blocks = useBlocks(app, filter, rows.first, rows.last);
  const { cardAt } = blocks;
  const choosing = useChoosing({ app, filter, selection, onSelect, cardAt });

  const open = (place: number) => {
    const card = cardAt(place);
    if (card !== undefined) props.onOpen(place, card);
  };
  const deeds = useStable<CellDeeds>({
    addressOf: props.addressOf,
    open,
    choose: choosing.choose,
    chooseTo: choosing.chooseTo,
    colourOf: props.colourOf,
  });
  const moveTo = (place: number) => {
    takesFocus.current = true;
    rows.show(place);
    setActive(place);
  };
  useLayoutEffect(() => {
    const takes = takesFocus.current;
    takesFocus.current = false;
    if (!takes || (takes === "free" && !isFocusFree())) return;
    const cell = grid.current?.querySelector<HTMLElement>(`[data-place="${active}"]`);
    cell?.focus({ preventScroll: true });
  }, [active]);
  const { onActive } = props;
  useEffect(() => onActive(active), [onActive, active]);

  const onKeyDown = (event: KeyboardEvent) => {
    const deed = deedOf(event);
    if (deed === null) return;
    event.preventDefault();
    deed();
  };
  const deedOf = (event: KeyboardEvent): (() => void) | null => {
    const { key, shiftKey } = event;
    if (event.ctrlKey || event.metaKey) return key === "a" ? choosing.all : null;
    if (key === "Enter") return () => open(active);
    if (key === " ") {
      return () => (shiftKey ? choosing.chooseTo(active) : choosing.toggle(active));
    }
    if (key === "Escape") return choosing.none;
    const to = placeAfter(key, active, total, layout, rows.inSight);
    if (to === null || event.altKey) return null;
    return () => {
      if (shiftKey) choosing.chooseTo(to);
      else choosing.startAt(to);
      moveTo(to);
    };
  };
  const onFocus = ({ target }: FocusEvent) => {
    const cell = target.closest<HTMLElement>("[data-place]");
    if (cell !== null) setActive(Number(cell.dataset.place));
  };

  return (
    <>
      {blocks.failed !== null && (
        <div className={styles.failed} role="alert">
          {texts.grid.failed} {blocks.failed.message}
          <Button onClick={blocks.retry}>{texts.errors.retry}</Button>
        </div>
      )}
      <p id={description} hidden>
        {texts.grid.describe}
      </p>
      <div
        ref={grid}
        role="grid"
        className={styles.grid}
        style={{ height: rows.height }}
        aria-label={texts.grid.name(total)}
        aria-describedby={description}
        aria-rowcount={layout.rows}
        aria-colcount={layout.columns}
        aria-multiselectable="true"
        onKeyDown={onKeyDown}
        onFocus={onFocus}
      >
        {rows.rows.map(({ index, start: top }) => (
          <div
            key={index}
            role="row"
            aria-rowindex={index + 1}
            className={styles.row}
            style={{
              transform: `translateY(${top}px)`,
              gridTemplateColumns: `repeat(${layout.columns}, minmax(0, 1fr))`,
            }}
          >
            {placesOf(index, layout.columns, total).map((place) => {
              const card = cardAt(place);
              return (
                <Cell
                  key={place}
                  place={place}
                  column={place % layout.columns}
                  card={card}
                  pictureSize={pictureSize(layout, devicePixelRatio)}
                  height={layout.height}
                  size={size}
                  isActive={place === active}
                  isChosen={
                    card === undefined ? selection.isAll : isChosen(selection, card.object_id)
                  }
                  deeds={deeds}
                />
              );
            })}
          </div>
        ))}
      </div>
    </>
  );
}

function placesOf(row: number, columns: number, total: number): number[] {
  const first = row * columns;
  const length = Math.min(columns, total - first);
  return Array.from({ length: Math.max(0, length) }, (_, column) => first + column);
}

function isFocusFree(): boolean {
  const { activeElement } = document;
  return (
    activeElement === null || activeElement === document.body || activeElement.id === "content"
  );
}

// The same functions for ever, which do what the latest ones do: cells need not be drawn anew.
function useStable<T extends object>(latest: T): T {
  const now = useRef(latest);
  useLayoutEffect(() => {
    now.current = latest;
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the names are always the same
  return useMemo(() => {
    const names = Object.keys(latest) as (keyof T)[];
    const call =
      (name: keyof T) =>
      (...given: unknown[]) =>
        (now.current[name] as (...given: unknown[]) => unknown)(...given);
    return Object.fromEntries(names.map((name) => [name, call(name)])) as T;
  }, []);
}
