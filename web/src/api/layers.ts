// The layers of the project, for Home.

import { queryOptions } from "@tanstack/react-query";
import { request } from "./client";

export type LayerName = "raw" | "capture" | "history" | "analytics" | "training" | "models";

export interface Layer {
  readonly name: LayerName;
  // What it holds, by the name of what is counted.
  readonly counts: Readonly<Record<string, number>>;
  // The moment of the newest thing in it.
  readonly newest: string | null;
  readonly state: "ok" | "empty" | "behind" | "broken";
  // What to do, where the state is not `ok`.
  readonly note: string | null;
}

export interface Step {
  readonly name: "upload" | "correct" | "history" | "query" | "retrain";
  readonly done: boolean;
}

export interface Layers {
  readonly project: string;
  readonly layers: readonly Layer[];
  readonly steps: readonly Step[];
}

// Fresh while somebody looks: what came in shows without a reload.
const EVERY_MS = 10_000;

export const layersQuery = queryOptions({
  queryKey: ["layers"],
  queryFn: ({ signal }) => request<Layers>("/api/v1/layers", { signal }),
  refetchInterval: EVERY_MS,
});
