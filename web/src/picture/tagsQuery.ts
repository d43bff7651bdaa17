// What a file says of itself beside its pixels.

import { queryOptions } from "@tanstack/react-query";
import { request } from "../api/client";
import type { Levels } from "./look";

export interface Tag {
  // `(0010,0010)`, with the path of the sequences that it lies in.
  readonly tag: string;
  readonly keyword: string;
  readonly name: string;
  readonly vr: string;
  readonly value: string;
  // Whether it says who somebody is.
  readonly identifying: boolean;
}

export interface Tags {
  readonly tags: readonly Tag[];
  // How many are kept from the caller, for they say who somebody is.
  readonly withheld: number;
  // Null for a picture with colours.
  readonly window: Levels | null;
}

export function tagsQuery(objectId: string) {
  return queryOptions({
    queryKey: ["tags", objectId],
    queryFn: ({ signal }) =>
      request<Tags>(`/api/v1/objects/${encodeURIComponent(objectId)}/tags`, { signal }),
    // An object never changes.
    staleTime: Number.POSITIVE_INFINITY,
  });
}
