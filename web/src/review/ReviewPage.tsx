// Review: the queue, one picture after the other.

import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useParams, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";
import { appsQuery, sessionQuery } from "../api/queries";
import { LISTED, queueAddress, queueQuery, type Strategy } from "../api/queue";
import type { App } from "../api/types";
import { useApiCalls } from "../shell/apiCalls";
import { texts } from "../texts";
import { Notice, Problem } from "../ui/Notice";
import { GridReview } from "./GridReview";
import { QueueSide } from "./QueueSide";
import styles from "./ReviewPage.module.css";
import { SeveralReview } from "./SeveralReview";
import { SingleReview } from "./SingleReview";
import type { View } from "./search";
import { useIsWide } from "./useIsWide";

export function ReviewPage() {
  const { app: name = "", objectId } = useParams({ strict: false });
  const { strategy = "uncertain", view } = useSearch({ from: "/inside/review/$app" });
  const apps = useQuery(appsQuery).data?.apps ?? [];
  const app = apps.find((each) => each.app === name);
  useEffect(() => {
    document.title = texts.title(`${texts.queue.title} · ${name}`);
  }, [name]);
  if (app === undefined) {
    const names = apps.map((each) => each.app).join(", ");
    return <Notice title={texts.shell.unknownApp(name, names)} />;
  }
  const key = `${name}/${strategy}`;
  return (
    <Review
      key={key}
      app={app}
      strategy={strategy}
      objectId={objectId ?? null}
      view={view ?? null}
    />
  );
}

interface ReviewProps {
  app: App;
  strategy: Strategy;
  objectId: string | null;
  view: View | null;
}

function Review({ app, strategy, objectId, view }: ReviewProps) {
  const { role } = useSuspenseQuery(sessionQuery).data;
  const queue = useQuery(queueQuery(app.app, strategy));
  const mayTake = role === "reviewer" || role === "admin";
  // People who differ are laid side by side, which takes the whole page.
  const isChoice = useIsWide() && app.task === "detection" && strategy !== "disputed" && mayTake;
  const shown = isChoice && objectId === null ? (view ?? "one") : "one";
  useApiCalls(useCalls(app.app, strategy, shown === "one" ? 1 : SEVERAL[shown]));
  return (
    <div className={styles.page}>
      <QueueSide
        app={app}
        strategy={strategy}
        view={isChoice ? shown : null}
        openId={objectId}
        queue={queue.data}
      />
      {queue.data === undefined && queue.error !== null ? (
        <Problem error={queue.error} onRetry={() => queue.refetch()} />
      ) : !mayTake ? (
        <Notice title={texts.queue.readOnly}>
          {texts.queue.readOnlyHint(texts.shell.roles[role])}
        </Notice>
      ) : app.task === "classification" && objectId === null && view !== "one" ? (
        <GridReview app={app} strategy={strategy} queue={queue.data} />
      ) : shown !== "one" ? (
        <SeveralReview
          key={shown}
          app={app}
          strategy={strategy}
          count={SEVERAL[shown]}
          queue={queue.data}
        />
      ) : (
        <SingleReview app={app} strategy={strategy} objectId={objectId} queue={queue.data} />
      )}
    </div>
  );
}

const SEVERAL = { four: 4, nine: 9 } as const;

function useCalls(app: string, strategy: Strategy, count: number) {
  return useMemo(() => {
    const root = `/api/v1/apps/${encodeURIComponent(app)}/queue`;
    return [
      {
        title: texts.queue.calls.list,
        method: "GET" as const,
        path: queueAddress(app, strategy, LISTED),
      },
      {
        title: texts.queue.calls.take,
        method: "POST" as const,
        path: `${root}/take`,
        body: { strategy, count },
      },
    ];
  }, [app, strategy, count]);
}
