// What the grid shows while a filter is on its way: the one before, until the first images are here.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { blockQuery, type ImageFilter, type ImagesPage } from "../api/images";

export interface Shown {
  readonly filter: ImageFilter;
  // Its first images; undefined until there are any.
  readonly page: ImagesPage | undefined;
  // Another filter is asked for than the one that is shown.
  readonly isOld: boolean;
  readonly error: Error | null;
  retry(): void;
}

export function useShown(app: string, filter: ImageFilter): Shown {
  const { data, error, refetch } = useQuery(blockQuery(app, filter, 0));
  const [before, setBefore] = useState<{ filter: ImageFilter; page: ImagesPage } | null>(null);
  if (data !== undefined && (before?.page !== data || before.filter !== filter)) {
    setBefore({ filter, page: data });
  }
  const retry = () => void refetch();
  if (data !== undefined) return { filter, page: data, isOld: false, error: null, retry };
  if (before === null || error !== null) {
    return { filter, page: undefined, isOld: false, error, retry };
  }
  return { ...before, isOld: true, error: null, retry };
}

// Whoever comes back from another page sees what was done there.
export function useRenewal(app: string): void {
  const queryClient = useQueryClient();
  useEffect(
    () => () => {
      void queryClient.invalidateQueries({ queryKey: ["images", app], refetchType: "none" });
      void queryClient.invalidateQueries({ queryKey: ["facets", app], refetchType: "none" });
    },
    [queryClient, app],
  );
}
