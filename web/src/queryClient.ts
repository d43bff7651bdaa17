// How answers of the server are kept, and when a request is tried again.

import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "./api/client";
import { sessionQuery } from "./api/queries";
import { thumbnails } from "./api/thumbnails";

export function makeQueryClient(onSignedOut: () => void): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({
      // Who has no session yet is sent to sign in by the route itself.
      onError: (error, { queryKey }) =>
        isSignedOut(error) && queryKey[0] !== sessionQuery.queryKey[0] && onSignedOut(),
    }),
    mutationCache: new MutationCache({
      onError: (error) => isSignedOut(error) && onSignedOut(),
    }),
    defaultOptions: {
      // A server on this machine is there without a network: only asking tells.
      mutations: { networkMode: "always" },
      queries: {
        networkMode: "always",
        retry: (failures, error) => error instanceof ApiError && error.passes && failures < 2,
      },
    },
  });
}

export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

// What was shown to one person is not kept for the next.
export function forgetAll(queryClient: QueryClient): void {
  queryClient.clear();
  thumbnails.clear();
}
