// What a pointer does on the stage: select, move, resize, draw, pan; two of them pinch.

import { type PointerEvent, useRef, useState } from "react";
import type { Size } from "../domain/geometry";
import { type Box, between, type Handle, moved, type Point, resized } from "../domain/geometry";
import type { Finding } from "../domain/review";
import { toPicture } from "../domain/view";
import type { Marking } from "./marking";
import type { StageView } from "./useView";

// A box as it is while it is being dragged; `key` is null for one being drawn.
export interface Sketch {
  readonly key: string | null;
  readonly box: Box;
}

type Gesture =
  // Not yet known: a click, or the start of a pan.
  | { kind: "press"; from: Point; key: string | null }
  | { kind: "pan"; last: Point }
  | { kind: "move"; from: Point; finding: Finding & { box: Box } }
  | { kind: "resize"; from: Point; finding: Finding & { box: Box }; handle: Handle }
  | { kind: "draw"; from: Point };

// Screen pixels that a pointer may tremble without meaning a drag.
const TREMBLE = 4;

interface GestureProps {
  marking: Marking | null;
  mayEdit: boolean;
  picture: Size;
  stageView: StageView;
}

export function useGestures({ marking, mayEdit, picture, stageView }: GestureProps) {
  const pointers = useRef(new Map<number, Point>());
  const gesture = useRef<Gesture | null>(null);
  const [sketch, setSketch] = useState<Sketch | null>(null);

  const cancel = (): boolean => {
    const was = gesture.current !== null && sketch !== null;
    gesture.current = null;
    setSketch(null);
    return was;
  };

  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    if (event.button > 1) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const at = placeOf(event);
    pointers.current.set(event.pointerId, at);
    if (pointers.current.size > 1) {
      cancel();
      return;
    }
    gesture.current = event.button === 1 ? { kind: "pan", last: at } : begin(event.target, at);
  };

  const begin = (target: EventTarget, at: Point): Gesture => {
    if (marking === null) return { kind: "press", from: at, key: null };
    if (marking.tool === "draw") return { kind: "draw", from: at };
    const { key = null, handle } = target instanceof SVGElement ? target.dataset : {};
    const { selected } = marking;
    if (mayEdit && selected?.box && (key === selected.key || handle !== undefined)) {
      const finding = { ...selected, box: selected.box };
      if (handle === undefined) return { kind: "move", from: at, finding };
      return { kind: "resize", from: at, finding, handle: handle as Handle };
    }
    return { kind: "press", from: at, key };
  };

  const onPointerMove = (event: PointerEvent<HTMLElement>) => {
    const at = placeOf(event);
    const before = pointers.current.get(event.pointerId);
    if (before === undefined) return;
    if (pointers.current.size === 2) pinch(event.pointerId, before, at);
    pointers.current.set(event.pointerId, at);
    if (pointers.current.size > 1) return;
    const now = gesture.current;
    if (now?.kind === "press" && apart(now.from, at)) {
      gesture.current = { kind: "pan", last: before };
    }
    if (now?.kind === "pan") {
      stageView.pan(at.x - now.last.x, at.y - now.last.y);
      gesture.current = { kind: "pan", last: at };
    }
    const next = sketchAt(at);
    if (next !== null) setSketch(next);
  };

  const sketchAt = (at: Point): Sketch | null => {
    const now = gesture.current;
    const { view } = stageView;
    if (view === null || now === null || now.kind === "press" || now.kind === "pan") return null;
    if (!apart(now.from, at) && sketch === null) return null;
    if (now.kind === "draw") {
      const box = between(toPicture(view, now.from), toPicture(view, at), picture);
      return box === null ? null : { key: null, box };
    }
    const { key, box } = now.finding;
    const dx = (at.x - now.from.x) / view.scale;
    const dy = (at.y - now.from.y) / view.scale;
    if (now.kind === "move") return { key, box: moved(box, dx, dy, picture) };
    return { key, box: resized(box, now.handle, dx, dy, picture) };
  };

  const pinch = (id: number, before: Point, at: Point) => {
    const other = [...pointers.current].find(([pointer]) => pointer !== id)?.[1];
    if (other === undefined) return;
    const factor = distance(at, other) / Math.max(1, distance(before, other));
    stageView.zoom(factor, { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 });
    stageView.pan((at.x - before.x) / 2, (at.y - before.y) / 2);
  };

  const onPointerUp = (event: PointerEvent<HTMLElement>) => {
    pointers.current.delete(event.pointerId);
    const now = gesture.current;
    gesture.current = null;
    if (now?.kind === "press") marking?.select(now.key);
    if (marking !== null && sketch !== null) {
      if (now?.kind === "draw") marking.draw(sketch.box);
      else if (now?.kind === "move" || now?.kind === "resize") {
        marking.setBox(now.finding, sketch.box);
      }
    }
    setSketch(null);
  };

  const onPointerCancel = (event: PointerEvent<HTMLElement>) => {
    pointers.current.delete(event.pointerId);
    cancel();
  };

  return { sketch, cancel, onPointerDown, onPointerMove, onPointerUp, onPointerCancel };
}

function placeOf(event: PointerEvent<HTMLElement>): Point {
  const frame = event.currentTarget.getBoundingClientRect();
  return { x: event.clientX - frame.left, y: event.clientY - frame.top };
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function apart(a: Point, b: Point): boolean {
  return distance(a, b) >= TREMBLE;
}
