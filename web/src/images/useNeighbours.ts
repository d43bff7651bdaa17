// The images before and after one, in the filter from which it was opened.

import { useQuery } from "@tanstack/react-query";
import { BLOCK, blockQuery } from "../api/images";
import type { ImageSearch } from "./search";

export interface Neighbour {
  readonly objectId: string;
  readonly at: number;
}

export interface Neighbours {
  // Its place among how many; null where it was opened from elsewhere, or the images have moved.
  readonly place: { readonly at: number; readonly total: number } | null;
  readonly previous: Neighbour | null;
  readonly next: Neighbour | null;
}

const NONE: Neighbours = { place: null, previous: null, next: null };

export function useNeighbours(
  app: string,
  { at, ...filter }: ImageSearch,
  objectId: string,
): Neighbours {
  const isPlaced = at !== undefined;
  const first = Math.max(0, (at ?? 0) - 1);
  const here = useQuery({
    ...blockQuery(app, filter, Math.floor(first / BLOCK)),
    enabled: isPlaced,
  }).data;
  const there = useQuery({
    ...blockQuery(app, filter, Math.floor(((at ?? 0) + 1) / BLOCK)),
    enabled: isPlaced,
  }).data;
  if (at === undefined) return NONE;
  const idAt = (place: number) =>
    [here, there].flatMap((page) => page?.images[place - page.offset]?.object_id ?? [])[0];
  const total = here?.total ?? there?.total;
  if (total === undefined || idAt(at) !== objectId) return NONE;
  const neighbour = (place: number): Neighbour | null => {
    const id = place < 0 ? undefined : idAt(place);
    return id === undefined ? null : { objectId: id, at: place };
  };
  return { place: { at, total }, previous: neighbour(at - 1), next: neighbour(at + 1) };
}
