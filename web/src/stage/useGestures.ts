// What a pointer does on the stage: select, move, resize, draw, pan; two of them pinch.

import { type PointerEvent, useRef, useState } from "react";
import type { Size } from "../domain/geometry";
import {
  type Box,
  between,
  type Handle,
  moved,
  type Point,
  resized,
  SMALLEST_SIDE,
} from "../domain/geometry";
import type { Finding } from "../domain/review";
import { toPicture } from "../domain/view";
import type { Marking } from "./marking";
import { type Sketch, SketchPad } from "./sketch";
import type { StageView } from "./useView";

type Gesture =
  // Not yet known: a click, or the start of a pan.
  | { kind: "press"; from: Point; key: string | null }
  | { kind: "pan"; last: Point }
  | { kind: "move"; from: Point; finding: Drawn }
  | { kind: "resize"; from: Point; finding: Drawn; handle: Handle }
  | { kind: "draw"; from: Point };

type Drawn = Finding & { readonly box: Box };

// Screen pixels that a pointer may tremble without meaning a drag.
const TREMBLE = 4;
// The shortest side, in screen pixels, of a box that anyone means to draw.
const SMALLEST_DRAWN = 6;

interface GestureProps {
  marking: Marking | null;
  mayEdit: boolean;
  picture: Size;
  stageView: StageView;
}

export function useGestures({ marking, mayEdit, picture, stageView }: GestureProps) {
  const pointers = useRef(new Map<number, Point>());
  const gesture = useRef<Gesture | null>(null);
  const [pad] = useState(() => new SketchPad());

  const cancel = (): boolean => {
    gesture.current = null;
    return pad.take() !== null;
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
    gesture.current = event.button === 1 ? { kind: "pan", last: at } : begin(event, at);
  };

  const begin = ({ target, pointerType }: PointerEvent, at: Point): Gesture => {
    if (marking === null) return { kind: "press", from: at, key: null };
    if (marking.tool === "draw") return { kind: "draw", from: at };
    const its = target instanceof SVGElement ? target.dataset : {};
    const { of, key = of ?? null, outer, handle = outer } = its;
    const finding = marking.findings.find((one): one is Drawn => one.key === key && !!one.box);
    // A finger scrolls and pans unless the box was chosen before.
    const isFirm = pointerType !== "touch" || marking.selected?.key === key;
    if (mayEdit && isFirm && finding !== undefined) {
      if (handle === undefined) return { kind: "move", from: at, finding };
      return { kind: "resize", from: at, finding, handle: handle as Handle };
    }
    // With the whole picture in sight there is nothing to pan.
    const isFree = mayEdit && key === null && stageView.isFitted && pointerType !== "touch";
    return isFree ? { kind: "draw", from: at } : { kind: "press", from: at, key };
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
    if (next !== null) pad.put(next);
  };

  const sketchAt = (at: Point): Sketch | null => {
    const now = gesture.current;
    const { view } = stageView;
    if (view === null || now === null || now.kind === "press" || now.kind === "pan") return null;
    if (!apart(now.from, at) && pad.get() === null) return null;
    if (now.kind === "draw") {
      const smallest = Math.max(SMALLEST_SIDE, SMALLEST_DRAWN / view.scale);
      const box = between(toPicture(view, now.from), toPicture(view, at), picture, smallest);
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
    const sketch = pad.take();
    if (marking === null || now === null || now.kind === "pan") return;
    if (now.kind === "press") marking.select(now.key);
    else if (now.kind === "draw") {
      if (sketch !== null) marking.draw(sketch.box);
      else if (marking.tool === "select") marking.select(null);
    } else if (sketch === null) marking.select(now.finding.key);
    else marking.setBox(now.finding, sketch.box);
  };

  const onPointerCancel = (event: PointerEvent<HTMLElement>) => {
    pointers.current.delete(event.pointerId);
    cancel();
  };

  return { pad, cancel, onPointerDown, onPointerMove, onPointerUp, onPointerCancel };
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
