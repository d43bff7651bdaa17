// The trail of this visit: taken when the page is opened, kept while it is open, given back after.

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { connection } from "../api/connection";
import { pictureAddress } from "../api/queries";
import { release, type Strategy, subjectQuery, take } from "../api/queue";
import type { App } from "../api/types";
import { useStore } from "../state/store";
import { Trail } from "../state/trail";

// Leases last ten minutes.
const RENEW_MS = 3 * 60_000;

// What a trail gives back has gone back before the next one takes.
let released: Promise<unknown> = Promise.resolve();

interface Reach {
  // So many are held beside the one in hand.
  readonly ahead: number;
  // The longest side of the pictures that are fetched before they are asked for.
  readonly size: number;
}

export function useTrail(app: App, strategy: Strategy, objectId: string | null, reach: Reach) {
  const { ahead, size } = reach;
  const trail = useMemo(
    () =>
      new Trail(
        strategy,
        {
          take: (wanted) => released.then(() => take(app.app, wanted)),
          release: (ids) => {
            released = Promise.allSettled([released, release(app.app, ids)]);
            return released;
          },
        },
        ahead,
      ),
    [app.app, strategy, ahead],
  );
  const state = useStore(trail);
  const isHere = useStore(connection) === "here";
  // Also at once when the server is back.
  useEffect(() => {
    if (isHere) void trail.open(objectId);
  }, [trail, objectId, isHere]);
  useEffect(() => {
    const stop = () => trail.stop();
    const timer = setInterval(() => void trail.renew(objectId), RENEW_MS);
    addEventListener("pagehide", stop);
    return () => {
      clearInterval(timer);
      removeEventListener("pagehide", stop);
    };
  }, [trail, objectId]);
  useEffect(() => () => trail.stop(), [trail]);
  usePrefetch(app, trail, objectId, size, state.items.length);
  return { trail, state };
}

// What comes next is fetched before it is asked for, its picture too.
function usePrefetch(
  app: App,
  trail: Trail,
  objectId: string | null,
  size: number,
  known: number,
): void {
  const queryClient = useQueryClient();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `known` tells that there are more
  useEffect(() => {
    for (const item of trail.waiting(objectId)) {
      void queryClient.prefetchQuery(subjectQuery(app, item));
      new Image().src = pictureAddress(item.object_id, size);
    }
  }, [app, trail, objectId, size, known, queryClient]);
}
