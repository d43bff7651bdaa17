// The filter of Images as it stands in the address: the names are those of the HTTP interface.

import { FILTER_FIELDS, type ImageFilter, type ImageSort, type Outcome } from "../api/images";

export type ImagesSearch = ImageFilter;

// An image opened from the grid knows its place there, so that it has a next and a previous one.
export interface ImageSearch extends ImagesSearch {
  readonly at?: number;
}

export const OUTCOMES: readonly Outcome[] = ["tp", "fp", "fn", "tn"];
export const SORTS: readonly ImageSort[] = [
  "newest",
  "oldest",
  "uncertain",
  "disagreement",
  "wrong",
];

type Raw = Record<string, unknown>;
type Field = keyof ImageFilter;

const READERS: Record<Field, (value: unknown) => unknown> = {
  label: listOf,
  outcome: (value) => knownOf(value, OUTCOMES),
  min_score: scoreOf,
  max_score: scoreOf,
  reviewed: yesOrNo,
  annotator: listOf,
  since: textOf,
  until: textOf,
  subject: textOf,
  model: listOf,
  source: listOf,
  snapshot: textOf,
  requested: yesOrNo,
  sort: (value) => SORTS.find((known) => known === value && known !== "newest"),
};

// What an address says, less what means nothing: unknown names, empty lists, scores beyond 0 to 1.
export function imagesSearch(search: Raw): ImagesSearch {
  const read = FILTER_FIELDS.map((field) => [field, READERS[field](search[field])] as const);
  return Object.fromEntries(read.filter(([, value]) => value !== undefined)) as ImagesSearch;
}

export function imageSearch(search: Raw): ImageSearch {
  const at = Number(search.at);
  const isPlace = search.at !== undefined && Number.isInteger(at) && at >= 0;
  return isPlace ? { ...imagesSearch(search), at } : imagesSearch(search);
}

// A filter with some of it changed; `undefined` takes a field away.
export type Change = { readonly [F in Field]?: ImageFilter[F] | undefined };

export function changed(filter: ImageFilter, change: Change): ImagesSearch {
  return imagesSearch({ ...filter, ...change });
}

// A list with one value more, or one less where it was there.
export function toggled(list: readonly string[] | undefined, value: string): string[] {
  const before = list ?? [];
  return before.includes(value) ? before.filter((each) => each !== value) : [...before, value];
}

// Whether it leaves anything out; the order of the images does not.
export function isFiltering({ sort: _, ...rest }: ImageFilter): boolean {
  return Object.keys(rest).length > 0;
}

function listOf(value: unknown): readonly string[] | undefined {
  const list = (Array.isArray(value) ? value : [value]).filter((each) => textOf(each)) as string[];
  return list.length === 0 ? undefined : [...new Set(list)];
}

function knownOf<T extends string>(value: unknown, known: readonly T[]): readonly T[] | undefined {
  const list = known.filter((each) => listOf(value)?.includes(each));
  return list.length === 0 ? undefined : list;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function yesOrNo(value: unknown): "yes" | "no" | undefined {
  return value === "yes" || value === "no" ? value : undefined;
}

function scoreOf(value: unknown): number | undefined {
  if (typeof value !== "number" && textOf(value) === undefined) return undefined;
  const score = Number(value);
  return score >= 0 && score <= 1 ? score : undefined;
}
