// The queue of what to review next, with its leases.

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { bareSubject, type Subject } from "../domain/subject";
import { post, request } from "./client";
import { type ImageChain, imageAddress } from "./images";
import { inferenceAddress, subjectKey } from "./queries";
import type { App } from "./types";

export const STRATEGIES = [
  "requested",
  "uncertain",
  "disagree",
  "disputed",
  "random",
  "oldest",
] as const;
export type Strategy = (typeof STRATEGIES)[number];

export interface QueueItem {
  readonly object_id: string;
  // The latest inference; null where none was made.
  readonly inference_id: string | null;
  readonly media_type: string;
  readonly width: number;
  readonly height: number;
  readonly recorded_at: string;
  readonly model_version: string | null;
  readonly predictions: number;
  readonly best: { readonly label: string; readonly score: number } | null;
  // Why it is here, and by how much: 0 to 1, the larger the sooner; null where it is no matter of
  // degree.
  readonly reason: Strategy;
  readonly degree: number | null;
  // A sentence for people.
  readonly detail: string;
  readonly leased_by: string | null;
  readonly leased_until: string | null;
}

export interface Progress {
  // Images of the application without a completed review.
  readonly remaining: number;
  readonly reviewed: number;
  readonly reviewed_today: number;
  readonly mine_today: number;
  // The mean of the caller's last sixty, pauses of over five minutes left out.
  readonly seconds_per_image: number | null;
  readonly reviewers: readonly { readonly name: string; readonly today: number }[];
}

export interface QueuePage {
  readonly strategy: Strategy;
  readonly total: number;
  readonly items: readonly QueueItem[];
  readonly counts: Readonly<Record<Strategy, number>>;
  readonly progress: Progress;
}

// What the caller holds now, and what somebody else does.
export interface Taken {
  readonly items: readonly QueueItem[];
  readonly held: readonly {
    readonly object_id: string;
    readonly leased_by: string;
    readonly leased_until: string;
  }[];
  readonly lease_s: number;
}

// What is taken: so many of a strategy, or exactly these.
export interface Wanted {
  readonly strategy: Strategy;
  readonly count?: number;
  readonly skip?: readonly string[];
  readonly object_ids?: readonly string[];
}

export function queueAddress(app: string, strategy: Strategy, limit: number): string {
  return `${queueRoot(app)}?${new URLSearchParams({ strategy, limit: String(limit) })}`;
}

// So many of the queue are listed beside the picture.
export const LISTED = 24;

export function queueQuery(app: string, strategy: Strategy) {
  return queryOptions({
    queryKey: ["queue", app, strategy],
    queryFn: ({ signal }) => request<QueuePage>(queueAddress(app, strategy, LISTED), { signal }),
    staleTime: 5_000,
    // What others take and finish shows before long.
    refetchInterval: 30_000,
    placeholderData: keepPreviousData,
  });
}

// What is to be seen of an image of the queue: its latest inference, or the image alone.
export function subjectQuery(app: App, item: Pick<QueueItem, "object_id" | "inference_id">) {
  const { object_id, inference_id } = item;
  return queryOptions({
    queryKey: subjectKey(inference_id ?? `${app.app}/${object_id}`),
    queryFn: async ({ signal }): Promise<Subject> => {
      if (inference_id !== null) return request(inferenceAddress(inference_id), { signal });
      const chain = await request<ImageChain>(imageAddress(app.app, object_id), { signal });
      const annotations = chain.annotations.filter((one) => one.inference_id === null);
      return bareSubject(app, { ...chain.object, annotations });
    },
    staleTime: 15_000,
  });
}

export function take(app: string, wanted: Wanted): Promise<Taken> {
  return post(`${queueRoot(app)}/take`, wanted);
}

// Also while the page is being left.
export function release(app: string, objectIds: readonly string[]): Promise<unknown> {
  return request(`${queueRoot(app)}/release`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ object_ids: objectIds }),
    keepalive: true,
  });
}

function queueRoot(app: string): string {
  return `/api/v1/apps/${encodeURIComponent(app)}/queue`;
}
