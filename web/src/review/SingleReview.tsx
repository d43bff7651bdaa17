// One picture of the queue after the other, each in the workspace.

import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect } from "react";
import type { QueuePage, Strategy } from "../api/queue";
import type { App } from "../api/types";
import { texts } from "../texts";
import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";
import { DISPLAY_SIZE } from "../workspace/Workspace";
import { OpenItem } from "./OpenItem";
import { useTrail } from "./useTrail";
import { Waiting } from "./Waiting";

// So many are held beside the one in hand: enough for a short loss of the network.
const SINGLE = { view: "one" } as const;
const REACH = { ahead: 3, size: DISPLAY_SIZE };

interface SingleReviewProps {
  app: App;
  strategy: Strategy;
  objectId: string | null;
  queue: QueuePage | undefined;
}

export function SingleReview({ app, strategy, objectId, queue }: SingleReviewProps) {
  const { trail, state } = useTrail(app, strategy, objectId, REACH);
  const goTo = useGoTo(app, strategy);
  const first = trail.waiting(objectId)[0]?.object_id ?? null;
  useEffect(() => {
    if (objectId === null && first !== null) goTo(first, true);
  }, [objectId, first, goTo]);

  const item = state.items.find((one) => one.object_id === objectId);
  const held = objectId === null ? undefined : state.held.get(objectId);
  if (objectId !== null && item !== undefined) {
    const leave = (how: "completed" | "skipped") => {
      trail.leave(objectId, how);
      goTo(trail.waiting(objectId)[0]?.object_id ?? null);
    };
    const back = trail.before(objectId);
    const ways = {
      onDone: () => leave("completed"),
      onSkip: () => leave("skipped"),
      onBack: back === null ? null : () => goTo(back),
    };
    return <OpenItem key={objectId} app={app} item={item} heldBy={held?.by ?? null} {...ways} />;
  }
  if (held !== undefined) {
    const other = <Button onClick={() => goTo(first)}>{texts.queue.other}</Button>;
    return (
      <Notice title={texts.queue.held(held.by)} action={other}>
        {texts.queue.heldHint}
      </Notice>
    );
  }
  return (
    <Waiting
      app={app}
      strategy={strategy}
      queue={queue}
      trail={trail}
      onOther={objectId === null ? undefined : () => goTo(null)}
    />
  );
}

function useGoTo({ app, task }: App, strategy: Strategy) {
  const navigate = useNavigate();
  return useCallback(
    (objectId: string | null, replace = false) => {
      const search = { strategy, ...(task === "classification" ? SINGLE : {}) };
      if (objectId === null) {
        return void navigate({ to: "/review/$app", params: { app }, search, replace });
      }
      const params = { app, objectId };
      return void navigate({ to: "/review/$app/$objectId", params, search, replace });
    },
    [navigate, app, task, strategy],
  );
}
