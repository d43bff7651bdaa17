// One image of the queue: fetched, then worked on.

import { useQuery } from "@tanstack/react-query";
import { ApiError } from "../api/client";
import { type QueueItem, subjectQuery } from "../api/queue";
import type { App } from "../api/types";
import { texts } from "../texts";
import { Notice, Problem } from "../ui/Notice";
import { type Flow, Workspace } from "../workspace/Workspace";
import { FlowBar, flowKey, type Ways } from "./FlowBar";
import { Reason } from "./Reason";

interface OpenItemProps extends Ways {
  app: App;
  item: QueueItem;
  // Who has it by now, because the lease has run out.
  heldBy: string | null;
}

export function OpenItem({ app, item, heldBy, ...ways }: OpenItemProps) {
  const { data, error, refetch } = useQuery(subjectQuery(app, item));
  if (data === undefined) {
    if (error instanceof ApiError && error.status === 404) {
      return <Notice title={texts.queue.missing}>{error.message}</Notice>;
    }
    if (error !== null) return <Problem error={error} onRetry={() => refetch()} />;
    return <Notice>{texts.predict.loading}</Notice>;
  }
  const isDetection = app.task === "detection";
  const flow: Flow = {
    head: <Reason item={item} subject={data} heldBy={heldBy} />,
    keys: texts.queue.keys,
    onKey: (event, review) => flowKey(event, review, isDetection, ways),
    bar: (review) => <FlowBar review={review} isDetection={isDetection} {...ways} />,
  };
  return <Workspace app={app} subject={data} flow={flow} />;
}
