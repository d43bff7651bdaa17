// The queue of what to review next, with its leases.

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
  // The middle of the caller's last twenty, pauses of over five minutes left out.
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
