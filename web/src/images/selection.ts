// The images that are chosen: some by their ids, or all of the filter but some.

export interface Selection {
  readonly isAll: boolean;
  // Those chosen, or those left out of all, each with whether it is reviewed.
  readonly ids: ReadonlyMap<string, boolean>;
}

export interface Choosable {
  readonly object_id: string;
  readonly reviewed: boolean;
}

export const NONE: Selection = { isAll: false, ids: new Map() };
export const ALL: Selection = { isAll: true, ids: new Map() };

export function isChosen({ isAll, ids }: Selection, id: string): boolean {
  return ids.has(id) !== isAll;
}

export function sizeOf({ isAll, ids }: Selection, total: number): number {
  return isAll ? Math.max(0, total - ids.size) : ids.size;
}

// How many of them are reviewed, given how many of the whole filter are.
export function reviewedOf({ isAll, ids }: Selection, ofAll: number): number {
  const named = [...ids.values()].filter(Boolean).length;
  return isAll ? Math.max(0, ofAll - named) : named;
}

export function choose(selection: Selection, image: Choosable, chosen: boolean): Selection {
  return chooseMany(selection, [image], chosen);
}

export function chooseMany(
  { isAll, ids }: Selection,
  images: readonly Choosable[],
  chosen: boolean,
): Selection {
  const next = new Map(ids);
  for (const { object_id, reviewed } of images) {
    if (chosen !== isAll) next.set(object_id, reviewed);
    else next.delete(object_id);
  }
  return { isAll, ids: next };
}
