// One image of the queue: fetched, then worked on, alone or where people differ side by side.

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError } from "../api/client";
import { type QueueItem, subjectQuery } from "../api/queue";
import type { App } from "../api/types";
import { peopleOf } from "../domain/disputes";
import { texts } from "../texts";
import { Notice, Problem } from "../ui/Notice";
import { type Flow, Workspace } from "../workspace/Workspace";
import { Compare } from "./Compare";
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
  const [compares, setCompares] = useState(item.reason === "disputed");
  if (data === undefined) {
    if (error instanceof ApiError && error.status === 404) {
      return <Notice title={texts.queue.missing}>{error.message}</Notice>;
    }
    if (error !== null) return <Problem error={error} onRetry={() => refetch()} />;
    return <Notice>{texts.predict.loading}</Notice>;
  }
  const isDetection = app.task === "detection";
  const people = isDetection ? peopleOf(data) : [];
  const head = (
    <Reason
      item={item}
      subject={data}
      heldBy={heldBy}
      compares={compares}
      onCompare={people.length > 1 ? setCompares : null}
    />
  );
  const flow: Flow = {
    head,
    keys: texts.queue.keys,
    onKey: (event, review) => flowKey(event, review, isDetection, ways),
    bar: (review) => <FlowBar review={review} isDetection={isDetection} {...ways} />,
  };
  if (compares && people.length > 1) {
    return <Compare app={app} subject={data} people={people} flow={flow} />;
  }
  return <Workspace app={app} subject={data} flow={flow} />;
}
