// What the address of Review says beside the application and the image.

import { STRATEGIES, type Strategy } from "../api/queue";

export interface ReviewSearch {
  readonly strategy?: Strategy;
  // A classification one image at a time, instead of many at once.
  readonly view?: "one";
}

export function reviewSearch(search: Record<string, unknown>): ReviewSearch {
  const strategy = STRATEGIES.find((known) => known === search.strategy);
  const view = search.view === "one" ? { view: "one" as const } : {};
  return strategy === undefined ? view : { strategy, ...view };
}
