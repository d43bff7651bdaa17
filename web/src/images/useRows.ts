// The rows of the grid that are in or near sight, and getting a place into sight.

import { defaultRangeExtractor, useVirtualizer, type Virtualizer } from "@tanstack/react-virtual";
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef } from "react";
import type { Size } from "../domain/geometry";
import { GAP, type Layout } from "./layout";

export interface Rows {
  readonly rows: readonly { readonly index: number; readonly start: number }[];
  // The height of all rows together.
  readonly height: number;
  readonly inSight: number;
  // The places of the first and the last image that is in or near sight.
  readonly first: number;
  readonly last: number;
  show(place: number): void;
}

export function useRows(
  scroller: RefObject<HTMLElement | null>,
  layout: Layout,
  room: Size,
  total: number,
  active: number,
): Rows {
  const { columns, rows, rowHeight } = layout;
  const inSight = Math.max(1, Math.floor(room.height / rowHeight));
  const near = inSight + 1;
  const activeRow = Math.floor(active / columns);
  const virtualizer = useVirtualizer({
    count: rows,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: near,
    paddingStart: GAP,
    paddingEnd: GAP,
    scrollPaddingStart: GAP,
    scrollPaddingEnd: GAP,
    initialRect: room,
    // The cell that has the focus stays, wherever it is scrolled to.
    rangeExtractor: useCallback(
      (range: Parameters<typeof defaultRangeExtractor>[0]) => {
        const shown = defaultRangeExtractor(range);
        if (shown.includes(activeRow) || activeRow >= rows) return shown;
        return [...shown, activeRow].sort((a, b) => a - b);
      },
      [activeRow, rows],
    ),
  });
  useKeptPlace(virtualizer, layout, active);
  const { startIndex = 0, endIndex = inSight } = virtualizer.range ?? {};
  return {
    rows: virtualizer.getVirtualItems(),
    height: virtualizer.getTotalSize(),
    inSight,
    first: Math.max(0, startIndex - near) * columns,
    last: Math.min(total, (endIndex + near + 1) * columns) - 1,
    show: (place) => virtualizer.scrollToIndex(Math.floor(place / columns)),
  };
}

// What is at the top stays there when the cells become larger, smaller, more or fewer.
function useKeptPlace(
  virtualizer: Virtualizer<HTMLElement, Element>,
  { columns, rowHeight }: Layout,
  active: number,
): void {
  const top = useRef({ place: active, align: "center" as "center" | "start" });
  // biome-ignore lint/correctness/useExhaustiveDependencies: done again when the layout changes
  useLayoutEffect(() => {
    const { place, align } = top.current;
    virtualizer.measure();
    virtualizer.scrollToIndex(Math.floor(place / columns), { align });
  }, [columns, rowHeight]);
  useEffect(() => {
    const row = virtualizer.range?.startIndex ?? 0;
    top.current = { place: row * columns, align: "start" };
  });
}
