// Where one was in the grid, for who comes back from an image or to a filter.

import type { Selection } from "./selection";

interface Place {
  readonly active: number;
  readonly selection: Selection;
}

const MOST = 20;
const places = new Map<string, Place>();

export function placeOf(app: string, query: string): Place | undefined {
  return places.get(`${app}?${query}`);
}

// Whoever went on from image to image comes back to the last one.
export function movePlace(app: string, query: string, active: number): void {
  const known = placeOf(app, query);
  if (known !== undefined) rememberPlace(app, query, { ...known, active });
}

export function rememberPlace(app: string, query: string, place: Place): void {
  const key = `${app}?${query}`;
  places.delete(key);
  places.set(key, place);
  for (const oldest of [...places.keys()].slice(0, -MOST)) places.delete(oldest);
}
