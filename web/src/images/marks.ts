// How a box is drawn by what became of it, so that it is told without its colour: a true one plain,
// one that nobody reviewed dashed, a false one crossed, a missed one as its four corners.

import type { CardBox } from "../api/images";
import type { Box } from "../domain/geometry";

export type Mark = "open" | "tp" | "fp" | "fn";

// All boxes of one label and one mark, as one path.
export interface MarkedPath {
  readonly label: string;
  readonly mark: Mark;
  readonly path: string;
}

// The corners of a missed box take this share of its sides.
const CORNER = 0.3;

export function markOf(box: CardBox): Mark {
  return box.outcome ?? "open";
}

export function markedPaths(boxes: readonly CardBox[]): MarkedPath[] {
  const paths = new Map<string, MarkedPath>();
  for (const each of boxes) {
    if (each.box === null) continue;
    const mark = markOf(each);
    const key = `${mark} ${each.label}`;
    const path = `${paths.get(key)?.path ?? ""}${pathOf(each.box, mark)}`;
    paths.set(key, { label: each.label, mark, path });
  }
  return [...paths.values()];
}

export function pathOf([left, top, right, bottom]: Box, mark: Mark): string {
  if (mark === "fn") return cornersOf(left, top, right, bottom);
  const frame = `M${left} ${top}H${right}V${bottom}H${left}Z`;
  return mark === "fp" ? `${frame}M${left} ${top}L${right} ${bottom}` : frame;
}

function cornersOf(left: number, top: number, right: number, bottom: number): string {
  const x = (right - left) * CORNER;
  const y = (bottom - top) * CORNER;
  return [
    `M${left} ${top + y}V${top}H${left + x}`,
    `M${right - x} ${top}H${right}V${top + y}`,
    `M${right} ${bottom - y}V${bottom}H${right - x}`,
    `M${left + x} ${bottom}H${left}V${bottom - y}`,
  ].join("");
}
