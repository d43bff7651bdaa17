// What the address of Review says beside the application and the image.

import { STRATEGIES, type Strategy } from "../api/queue";

export interface ReviewSearch {
  readonly strategy?: Strategy;
  // How many images at a time. Left out: one of a detection, many of a classification.
  readonly view?: View;
}

export const VIEWS = ["one", "four", "nine"] as const;
export type View = (typeof VIEWS)[number];

export function reviewSearch(search: Record<string, unknown>): ReviewSearch {
  const strategy = STRATEGIES.find((known) => known === search.strategy);
  const view = VIEWS.find((known) => known === search.view);
  return {
    ...(strategy === undefined ? {} : { strategy }),
    ...(view === undefined ? {} : { view }),
  };
}
