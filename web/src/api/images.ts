// The images of an application: the filter, a part of the list, counts by facet, one with its chain.

import { queryOptions } from "@tanstack/react-query";
import type { Box } from "../domain/geometry";
import { post, request } from "./client";
import { plainQuery } from "./plainQuery";
import type { Annotation, Inference } from "./types";

export type Outcome = "tp" | "fp" | "fn" | "tn";
export type ImageSort = "newest" | "oldest" | "uncertain" | "disagreement" | "wrong";

// `label`, `outcome` and the scores speak of one and the same box. Lists are "any of these".
export interface ImageFilter {
  readonly label?: readonly string[];
  readonly outcome?: readonly Outcome[];
  readonly min_score?: number;
  readonly max_score?: number;
  readonly reviewed?: "yes" | "no";
  readonly annotator?: readonly string[];
  readonly since?: string;
  readonly until?: string;
  readonly subject?: string;
  readonly model?: readonly string[];
  readonly source?: readonly string[];
  readonly snapshot?: string;
  readonly requested?: "yes" | "no";
  readonly sort?: ImageSort;
}

export const FILTER_FIELDS = [
  "label",
  "outcome",
  "min_score",
  "max_score",
  "reviewed",
  "annotator",
  "since",
  "until",
  "subject",
  "model",
  "source",
  "snapshot",
  "requested",
  "sort",
] as const satisfies readonly (keyof ImageFilter)[];

// A box of the latest inference, or a true one that it missed (`fn`); null while not reviewed.
export interface CardBox {
  readonly label: string;
  readonly score: number | null;
  readonly box: Box | null;
  readonly outcome: "tp" | "fp" | "fn" | null;
}

export interface ImageCard {
  readonly object_id: string;
  readonly media_type: string;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly recorded_at: string;
  readonly source: string | null;
  readonly subject_id: string | null;
  // The latest inference.
  readonly inference_id: string | null;
  readonly model_version: string | null;
  readonly predictions: number;
  readonly best: { readonly label: string; readonly score: number } | null;
  readonly reviewed: boolean;
  readonly annotators: readonly string[];
  // True labels where reviewed, predicted ones otherwise.
  readonly labels: readonly string[];
  // Null while not reviewed.
  readonly tp: number | null;
  readonly fp: number | null;
  readonly fn: number | null;
  // From 0 to 1: how near its scores are to the threshold; how differently two versions answer.
  readonly uncertainty: number | null;
  readonly disagreement: number | null;
  readonly requested: boolean;
  readonly boxes: readonly CardBox[];
}

export interface ImagesPage {
  readonly total: number;
  readonly offset: number;
  readonly images: readonly ImageCard[];
}

export interface FacetValue {
  readonly value: string;
  readonly count: number;
}

// Counts of images, each facet under the filter without its own field.
export interface Facets {
  readonly total: number;
  readonly facets: Readonly<
    Record<
      | "label"
      | "outcome"
      | "reviewed"
      | "annotator"
      | "subject"
      | "model"
      | "source"
      | "snapshot"
      | "requested",
      readonly FacetValue[]
    >
  >;
  // Twenty equal bins of the scores of boxes, from 0 to 1.
  readonly scores: readonly number[];
  readonly days: readonly { readonly day: string; readonly count: number }[];
}

export interface ReviewedBy {
  readonly inference_id: string | null;
  readonly completed_at: string | null;
  readonly annotators: readonly string[];
  // Whether this review is the truth of the image.
  readonly is_truth: boolean;
}

export interface ImageChain {
  readonly object: Omit<ImageCard, "boxes">;
  readonly inferences: readonly Inference[];
  // All on the object, whatever they were sent to, the oldest first.
  readonly annotations: readonly (Annotation & { readonly inference_id: string | null })[];
  readonly reviews: readonly ReviewedBy[];
  readonly truth: readonly {
    readonly label: string;
    readonly box: Box | null;
    readonly annotation_id: string;
  }[];
  readonly snapshots: readonly {
    readonly name: string;
    readonly as_of: string;
    readonly part: string;
  }[];
  readonly models: readonly {
    readonly version: string;
    // `champion`, `challenger` or null.
    readonly alias: string | null;
    readonly predicted: boolean;
    // The snapshot through which it learned from this image, or null.
    readonly trained_on: string | null;
  }[];
}

export interface SavedFilter {
  readonly name: string;
  // The query string of the page, without `?`.
  readonly query: string;
  readonly made_by: string;
  readonly recorded_at: string;
}

// What a deed is done to: images by their ids, or all of a filter.
export type Chosen = { readonly object_ids: readonly string[] } | { readonly filter: ImageFilter };

export interface Snapshot {
  readonly name: string;
  readonly app: string;
  readonly as_of: string;
  readonly images: number;
  readonly parts: Readonly<Record<string, number>>;
}

// So many images come with one answer.
export const BLOCK = 100;

const LARGEST_PAGE = 500;
const STALE = 10_000;

export function imagesAddress(app: string, query: object): string {
  return withQuery(`/api/v1/apps/${encodeURIComponent(app)}/images`, query);
}

export function facetsAddress(app: string, filter: ImageFilter): string {
  const { sort: _, ...rest } = filter;
  return withQuery(`/api/v1/apps/${encodeURIComponent(app)}/images/facets`, rest);
}

export function imageAddress(app: string, objectId: string): string {
  return `/api/v1/apps/${encodeURIComponent(app)}/images/${encodeURIComponent(objectId)}`;
}

export function blockAddress(app: string, filter: ImageFilter, block: number): string {
  return imagesAddress(app, { ...filter, offset: block * BLOCK, limit: BLOCK, boxes: true });
}

// The images from `block * BLOCK` on. What leaves the screen is let go soon after.
export function blockQuery(app: string, filter: ImageFilter, block: number) {
  return queryOptions({
    queryKey: ["images", app, plainQuery(filter), block],
    queryFn: ({ signal }) => request<ImagesPage>(blockAddress(app, filter, block), { signal }),
    staleTime: STALE,
    gcTime: 60_000,
  });
}

export function facetsQuery(app: string, filter: ImageFilter) {
  const address = facetsAddress(app, filter);
  return queryOptions({
    queryKey: ["facets", app, address],
    queryFn: ({ signal }) => request<Facets>(address, { signal }),
    staleTime: STALE,
    gcTime: 60_000,
  });
}

export function imageQuery(app: string, objectId: string) {
  return queryOptions({
    queryKey: ["image", app, objectId],
    queryFn: ({ signal }) => request<ImageChain>(imageAddress(app, objectId), { signal }),
    gcTime: 60_000,
  });
}

export function filtersQuery(app: string) {
  return queryOptions({
    queryKey: ["filters", app],
    queryFn: ({ signal }) =>
      request<{ filters: SavedFilter[] }>(filtersAddress(app), { signal }).then(
        ({ filters }) => filters,
      ),
    staleTime: 30_000,
  });
}

export function filtersAddress(app: string): string {
  return `/api/v1/apps/${encodeURIComponent(app)}/filters`;
}

export function saveFilter(app: string, name: string, query: string): Promise<unknown> {
  return post(filtersAddress(app), { name, query });
}

export function removeFilter(app: string, name: string): Promise<unknown> {
  return post(`${filtersAddress(app)}/${encodeURIComponent(name)}/remove`);
}

export function sendToReview(app: string, chosen: Chosen): Promise<{ requested: number }> {
  return post(`/api/v1/apps/${encodeURIComponent(app)}/queue/requests`, chosen);
}

export function freeze(app: string, name: string, chosen: Chosen): Promise<Snapshot> {
  return post("/api/v1/snapshots", { name, app, ...chosen });
}

// The images from one place to another of a filter, both included, without their boxes.
export async function imagesBetween(
  app: string,
  filter: ImageFilter,
  first: number,
  last: number,
): Promise<ImageCard[]> {
  const found: ImageCard[] = [];
  while (found.length <= last - first) {
    const limit = Math.min(LARGEST_PAGE, last - first + 1 - found.length);
    const part = { ...filter, offset: first + found.length, limit, boxes: false };
    const { images } = await request<ImagesPage>(imagesAddress(app, part));
    if (images.length === 0) break;
    found.push(...images);
  }
  return found;
}

function withQuery(path: string, query: object): string {
  const plain = plainQuery(query);
  return plain === "" ? path : `${path}?${plain}`;
}
