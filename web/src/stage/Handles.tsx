// The handles of a box: what is seen of them, and a wider grip around each.

import { HANDLES, type Handle } from "../domain/geometry";
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
  place: { x: number; y: number; width: number; height: number };
  colour: string;
  onHover: (key: string | null) => void;
}

export function Handles({ name, place, colour, onHover }: HandlesProps) {
  const { x, y, width, height } = place;
  const shorter = Math.min(width, height);
  // Room is left in the middle of a small box, to take hold of the whole.
  const grip = Math.max(NARROWEST_GRIP, Math.min(WIDEST_GRIP, shorter / 2));
  return HANDLES.filter((handle) => handle.length === 2 || shorter >= ROOMY).map((handle) => {
    const at = {
      x: x + (handle.includes("w") ? 0 : handle.includes("e") ? width : width / 2),
      y: y + (handle.includes("n") ? 0 : handle.includes("s") ? height : height / 2),
    };
    return (
      <g key={handle} style={{ color: colour, cursor: CURSORS[handle] }}>
        <rect x={at.x - 4} y={at.y - 4} width="8" height="8" rx="2" className={styles.handle} />
        <rect
          x={at.x - grip / 2}
          y={at.y - grip / 2}
          width={grip}
          height={grip}
          className={styles.grip}
          data-of={name}
          data-handle={handle}
          onPointerEnter={() => onHover(name)}
          onPointerLeave={() => onHover(null)}
        />
      </g>
    );
  });
}
