// What the address of Review says beside the application and the image.

import { STRATEGIES, type Strategy } from "../api/queue";

export interface ReviewSearch {
  readonly strategy?: Strategy;
}

export function reviewSearch(search: Record<string, unknown>): ReviewSearch {
  const strategy = STRATEGIES.find((known) => known === search.strategy);
  return strategy === undefined ? {} : { strategy };
}
