// The images that are shown at once, each at its place, with their reviews.

import { useQueries } from "@tanstack/react-query";
import { useState } from "react";
import { type QueueItem, subjectQuery } from "../api/queue";
import type { App } from "../api/types";
import { type Seats, seated } from "../domain/seats";
import type { Subject } from "../domain/subject";
import { type ReviewDesk, useReviews } from "../workspace/useReview";

export interface Shown {
  readonly item: QueueItem;
  // Null while they are on their way, or where they could not be had.
  readonly subject: Subject | null;
  readonly review: ReviewDesk | null;
  readonly problem: Error | null;
  retry(): void;
}

export interface Several {
  // Null at a place that nothing is left for.
  readonly several: readonly (Shown | null)[];
  // Begins again with those that wait longest.
  seatAnew(): void;
}

export function useSeveral(app: App, waiting: readonly QueueItem[], count: number): Several {
  const [seats, setSeats] = useState<Seats>([]);
  const ids = waiting.map(({ object_id }) => object_id);
  const now = seated(seats, ids, count);
  if (now.join() !== seats.join()) setSeats(now);
  const items = now.map((id) => waiting.find(({ object_id }) => object_id === id) ?? null);
  const present = items.filter((item) => item !== null);
  const found = useQueries({ queries: present.map((item) => subjectQuery(app, item)) });
  const reviews = useReviews(found.map(({ data }) => data ?? null));
  const several = items.map((item) => {
    const query = item === null ? undefined : found[present.indexOf(item)];
    if (item === null || query === undefined) return null;
    return {
      item,
      subject: query.data ?? null,
      review: reviews[present.indexOf(item)] ?? null,
      problem: query.error,
      retry: () => void query.refetch(),
    };
  });
  return { several, seatAnew: () => setSeats([]) };
}

// The one on which something was done last, or taken back last.
export function lastTouched(reviews: readonly ReviewDesk[], of: "done" | "undone") {
  const at = ({ past }: ReviewDesk) => past[of].at(-1)?.at;
  return reviews
    .filter((review) => at(review) !== undefined)
    .sort((a, b) => (at(a) as number) - (at(b) as number))
    .at(of === "done" ? -1 : 0);
}
