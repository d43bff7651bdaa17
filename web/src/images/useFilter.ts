// The filter that the address says.

import { useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { type ImageSearch, imageSearch } from "./search";

export function useFilter(): ImageSearch {
  const search = useSearch({ strict: false });
  return useMemo(() => imageSearch(search as Record<string, unknown>), [search]);
}
