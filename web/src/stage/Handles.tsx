// The handles of a box: what is seen of them, and a wider grip around each. Within the box the grip
// lies on top of all; outside of it, where neighbours lie, below them.

import { HANDLES, type Handle, type Point } from "../domain/geometry";
import styles from "./Boxes.module.css";

const CURSORS: Record<Handle, string> = {
  n: "ns-resize",
  s: "ns-resize",
  e: "ew-resize",
  w: "ew-resize",
  nw: "nwse-resize",
  se: "nwse-resize",
  ne: "nesw-resize",
  sw: "nesw-resize",
};

// In screen pixels. Of a box with shorter sides only the corners have handles.
const ROOMY = 36;
const WIDEST_GRIP = 18;
const NARROWEST_GRIP = 8;

interface HandlesProps {
  // The key of the finding.
  name: string;
  place: Place;
  colour: string;
  onHover: (key: string | null) => void;
}

interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

export function Handles({ name, place, colour, onHover }: HandlesProps) {
  return handlesOf(place).map(({ handle, at, reach }) => (
    <g key={handle} style={{ color: colour, cursor: CURSORS[handle] }}>
      <rect x={at.x - 4} y={at.y - 4} width="8" height="8" rx="2" className={styles.handle} />
      <rect
        {...within(place, at, reach)}
        className={styles.grip}
        data-of={name}
        data-handle={handle}
        onPointerEnter={() => onHover(name)}
        onPointerLeave={() => onHover(null)}
      />
    </g>
  ));
}

export function OuterGrips({ name, place, onHover }: Omit<HandlesProps, "colour">) {
  return handlesOf(place).map(({ handle, at, reach }) => (
    <rect
      key={handle}
      {...around(at, reach)}
      className={styles.grip}
      style={{ cursor: CURSORS[handle] }}
      data-of={name}
      data-outer={handle}
      onPointerEnter={() => onHover(name)}
      onPointerLeave={() => onHover(null)}
    />
  ));
}

function handlesOf({ x, y, width, height }: Place) {
  const shorter = Math.min(width, height);
  // Room is left in the middle of a small box, to take hold of the whole.
  const reach = Math.max(NARROWEST_GRIP, Math.min(WIDEST_GRIP, shorter / 2)) / 2;
  return HANDLES.filter((handle) => handle.length === 2 || shorter >= ROOMY).map((handle) => ({
    handle,
    reach,
    at: {
      x: x + (handle.includes("w") ? 0 : handle.includes("e") ? width : width / 2),
      y: y + (handle.includes("n") ? 0 : handle.includes("s") ? height : height / 2),
    },
  }));
}

function around({ x, y }: Point, reach: number): Place {
  return { x: x - reach, y: y - reach, width: 2 * reach, height: 2 * reach };
}

function within(box: Place, at: Point, reach: number): Place {
  const x = Math.max(box.x, at.x - reach);
  const y = Math.max(box.y, at.y - reach);
  return {
    x,
    y,
    width: Math.min(box.x + box.width, at.x + reach) - x,
    height: Math.min(box.y + box.height, at.y + reach) - y,
  };
}
