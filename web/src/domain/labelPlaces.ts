// Where the labels of boxes are written: at a corner, so that none covers another one.

import type { Point, Size } from "./geometry";

export interface Place extends Point, Size {}

export interface Written {
  readonly words: string;
  // Of the box, in screen pixels.
  readonly box: Place;
}

// Of the corner that the label lies at, from the box; the style sheet rounds the other three.
export type Corner = "above" | "above-right" | "below" | "below-right" | "within";

export interface LabelPlace extends Point {
  readonly corner: Corner;
}

export const LINE_HEIGHT = 16;
// Of a letter, and of what is left and right of all of them, in screen pixels.
const LETTER = 6.2;
const PADDING = 10;
const LIFTED = [1, 2, 3];

// In the order given: who comes first has the corner above on the left, where there is room for it.
export function labelPlaces(labels: readonly Written[]): LabelPlace[] {
  const taken: Place[] = [];
  return labels.map(({ words, box }) => {
    const width = words.length * LETTER + PADDING;
    const places = placesOf(box, width);
    const isFree = ({ x, y }: Point) =>
      y >= 0 && !taken.some((one) => overlap(one, { x, y, width, height: LINE_HEIGHT }));
    const place = places.find(isFree) ?? (places[0] as LabelPlace);
    taken.push({ x: place.x, y: place.y, width, height: LINE_HEIGHT });
    return place;
  });
}

function placesOf({ x, y, width, height }: Place, words: number): LabelPlace[] {
  const [above, below, right] = [y - LINE_HEIGHT, y + height, x + width - words];
  return [
    { x, y: above, corner: "above" },
    { x: right, y: above, corner: "above-right" },
    { x, y: below, corner: "below" },
    { x: right, y: below, corner: "below-right" },
    { x, y, corner: "within" },
    // Small boxes have no room at their corners: then over another label.
    ...LIFTED.map((lines) => ({ x, y: above - lines * LINE_HEIGHT, corner: "above" as const })),
  ];
}

function overlap(one: Place, other: Place): boolean {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}
