// The view of the stage: fitted until it is zoomed or moved, and fitted again when asked.

import { type RefObject, useEffect, useRef, useState } from "react";
import type { Point, Size } from "../domain/geometry";
import { fitted, panned, type View, zoomed } from "../domain/view";

export interface StageView {
  // Null until the stage knows its size.
  readonly view: View | null;
  readonly isFitted: boolean;
  readonly size: Size | null;
  zoom(factor: number, at?: Point): void;
  pan(dx: number, dy: number): void;
  showAll(): void;
}

export function useView(stage: RefObject<HTMLElement | null>, picture: Size): StageView {
  const size = useSize(stage);
  // Null means fitted, whatever the size of the stage becomes.
  const [chosen, setChosen] = useState<View | null>(null);
  const view = size === null ? null : (chosen ?? fitted(picture, size));
  const change = (next: (view: View, size: Size) => View) => {
    if (size === null) return;
    setChosen((before) => next(before ?? fitted(picture, size), size));
  };
  const middle = (of: Size): Point => ({ x: of.width / 2, y: of.height / 2 });
  return {
    view,
    isFitted: chosen === null,
    size,
    zoom: (factor, at) =>
      change((before, of) => zoomed(before, factor, at ?? middle(of), picture, of)),
    pan: (dx, dy) => change((before, of) => panned(before, dx, dy, picture, of)),
    showAll: () => setChosen(null),
  };
}

export function useSize(stage: RefObject<HTMLElement | null>): Size | null {
  const [size, setSize] = useState<Size | null>(null);
  useEffect(() => {
    if (stage.current === null) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry === undefined) return;
      const { width, height } = entry.contentRect;
      setSize({ width, height });
    });
    observer.observe(stage.current);
    return () => observer.disconnect();
  }, [stage]);
  return size;
}

// Calls back for each turn of the wheel over the stage, which then does not scroll the page.
export function useWheel(
  stage: RefObject<HTMLElement | null>,
  onWheel: (factor: number, at: Point) => void,
): void {
  const callback = useRef(onWheel);
  useEffect(() => {
    callback.current = onWheel;
  });
  useEffect(() => {
    const element = stage.current;
    if (element === null) return;
    const listen = (event: WheelEvent) => {
      event.preventDefault();
      const frame = element.getBoundingClientRect();
      const at = { x: event.clientX - frame.left, y: event.clientY - frame.top };
      const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 24 : 1;
      callback.current(Math.exp(-event.deltaY * pixels * (event.ctrlKey ? 0.01 : 0.0015)), at);
    };
    element.addEventListener("wheel", listen, { passive: false });
    return () => element.removeEventListener("wheel", listen);
  }, [stage]);
}
