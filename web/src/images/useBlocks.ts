// The images of the grid by their place, asked for in blocks around what is in sight.

import { useQueries, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { BLOCK, blockQuery, type ImageCard, type ImageFilter } from "../api/images";
import { plainQuery } from "../api/plainQuery";

// After a leap, as when the scroll bar is dragged, it is waited until the grid rests.
const REST_MS = 60;
// Blocks this far from sight are forgotten.
const FAR = 12;

export interface Blocks {
  cardAt(place: number): ImageCard | undefined;
  readonly failed: Error | null;
  retry(): void;
}

export function useBlocks(app: string, filter: ImageFilter, first: number, last: number): Blocks {
  const from = useRested(Math.floor(Math.max(0, first) / BLOCK));
  const length = Math.max(1, Math.floor(Math.max(0, last) / BLOCK) - Math.floor(first / BLOCK) + 1);
  const numbers = Array.from({ length }, (_, index) => from + index);
  const answers = useQueries({ queries: numbers.map((block) => blockQuery(app, filter, block)) });
  useForgetting(app, plainQuery(filter), from);
  const pages = new Map(numbers.map((block, index) => [block, answers[index]?.data]));
  return {
    cardAt: (place) => pages.get(Math.floor(place / BLOCK))?.images[place % BLOCK],
    failed: answers.find(({ error }) => error !== null)?.error ?? null,
    retry: () => {
      for (const answer of answers) if (answer.isError) void answer.refetch();
    },
  };
}

// Follows a value at once while it goes step by step, and after a leap once it stays.
function useRested(value: number): number {
  const [rested, setRested] = useState(value);
  const isStep = Math.abs(value - rested) <= 2;
  if (isStep && value !== rested) setRested(value);
  useEffect(() => {
    if (isStep) return;
    const timer = setTimeout(() => setRested(value), REST_MS);
    return () => clearTimeout(timer);
  }, [value, isStep]);
  return isStep ? value : rested;
}

// Keeps the memory of a long scroll bounded, whatever the time it took.
function useForgetting(app: string, query: string, current: number): void {
  const queryClient = useQueryClient();
  useEffect(() => {
    queryClient.removeQueries({
      queryKey: ["images", app],
      type: "inactive",
      predicate: ({ queryKey: [, , of, block] }) =>
        of === query && Math.abs((block as number) - current) > FAR,
    });
  }, [queryClient, app, query, current]);
}
