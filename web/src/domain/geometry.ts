// Boxes in pixels of the picture: [x_min, y_min, x_max, y_max], origin top left, maxima exclusive.

export type Box = readonly [number, number, number, number];

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

// The edges that a handle drags: "n" is the upper one, "se" the lower right corner.
export type Handle = "n" | "s" | "e" | "w" | "nw" | "ne" | "sw" | "se";

export const HANDLES: readonly Handle[] = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];

// The shortest side that an edited box may have.
export const SMALLEST_SIDE = 2;

export function area(box: Box): number {
  return Math.max(0, box[2] - box[0]) * Math.max(0, box[3] - box[1]);
}

// Intersection over union, from 0 (apart) to 1 (the same).
export function iou(a: Box, b: Box): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (area(a) + area(b) - shared);
}

// A tenth of a pixel is finer than anyone can point.
export function rounded(box: Box): Box {
  const [a, b, c, d] = box.map((number) => Math.round(number * 10) / 10);
  return [a as number, b as number, c as number, d as number];
}

export function sameBox(a: Box | null, b: Box | null): boolean {
  if (a === null || b === null) return a === b;
  return a.every((number, index) => Math.abs(number - (b[index] as number)) < 0.05);
}

// Moves a box and keeps its size; it stops at the edges of the picture.
export function moved(box: Box, dx: number, dy: number, picture: Size): Box {
  const x = clamp(dx, -box[0], picture.width - box[2]);
  const y = clamp(dy, -box[1], picture.height - box[3]);
  return rounded([box[0] + x, box[1] + y, box[2] + x, box[3] + y]);
}

// Drags the edges of a handle. One that passes the opposite edge turns the box over; none leaves
// the picture, and no side becomes shorter than the smallest.
export function resized(box: Box, handle: Handle, dx: number, dy: number, picture: Size): Box {
  const [left, right] = side(box[0], box[2], pulled(handle, "w", "e"), dx, picture.width);
  const [top, bottom] = side(box[1], box[3], pulled(handle, "n", "s"), dy, picture.height);
  return rounded([left, top, right, bottom]);
}

function pulled(handle: Handle, low: string, high: string): "low" | "high" | null {
  return handle.includes(low) ? "low" : handle.includes(high) ? "high" : null;
}

// Both ends of a side after one was pulled, the lower first.
function side(
  low: number,
  high: number,
  end: "low" | "high" | null,
  by: number,
  limit: number,
): readonly [number, number] {
  if (end === null) return [low, high];
  const [fixed, start] = end === "low" ? [high, low] : [low, high];
  const at = clamp(start + by, 0, limit);
  if (Math.abs(at - fixed) >= SMALLEST_SIDE) return [Math.min(at, fixed), Math.max(at, fixed)];
  const isBelow = at < fixed || (at === fixed && start < fixed);
  const fits = isBelow ? fixed >= SMALLEST_SIDE : fixed + SMALLEST_SIDE > limit;
  return fits ? [fixed - SMALLEST_SIDE, fixed] : [fixed, fixed + SMALLEST_SIDE];
}

// The box between two corners, whichever way it was drawn; null when it is too small to mean one.
export function between(
  a: Point,
  b: Point,
  picture: Size,
  smallest: number = SMALLEST_SIDE,
): Box | null {
  const left = clamp(Math.min(a.x, b.x), 0, picture.width);
  const right = clamp(Math.max(a.x, b.x), 0, picture.width);
  const top = clamp(Math.min(a.y, b.y), 0, picture.height);
  const bottom = clamp(Math.max(a.y, b.y), 0, picture.height);
  if (right - left < smallest || bottom - top < smallest) return null;
  return rounded([left, top, right, bottom]);
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), Math.max(low, high));
}
