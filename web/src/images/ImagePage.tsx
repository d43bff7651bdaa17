// One image with its whole chain.

import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useCallback, useEffect, useEffectEvent, useMemo, useState } from "react";
import { ApiError } from "../api/client";
import { type ImageChain, imageAddress, imageQuery } from "../api/images";
import { plainQuery } from "../api/plainQuery";
import { appsQuery, sessionQuery } from "../api/queries";
import type { App } from "../api/types";
import { colourOf } from "../domain/colours";
import { type ApiCall, useApiCalls } from "../shell/apiCalls";
import { texts } from "../texts";
import { Notice, Problem } from "../ui/Notice";
import { Chain } from "./Chain";
import { ImageFacts } from "./ImageFacts";
import { ImageHead } from "./ImageHead";
import styles from "./ImagePage.module.css";
import { Legend, type Shows } from "./Legend";
import { mayLook, NotAllowed } from "./Nothing";
import { outcomesOf } from "./outcomes";
import { Picture } from "./Picture";
import { movePlace } from "./places";
import type { ImageSearch } from "./search";
import { useFilter } from "./useFilter";
import { type Neighbour, type Neighbours, useNeighbours } from "./useNeighbours";

export function ImagePage() {
  const { app: name = "", objectId = "" } = useParams({ strict: false });
  const { data: list } = useQuery(appsQuery);
  const { data: session } = useQuery(sessionQuery);
  const app = list?.apps.find((each) => each.app === name);
  useEffect(() => {
    document.title = texts.title(`${texts.image.title(objectId.slice(-12))} · ${name}`);
  }, [name, objectId]);
  if (list === undefined || session === undefined) return null;
  if (app === undefined) {
    const names = list.apps.map((each) => each.app).join(", ");
    return <Notice title={texts.shell.unknownApp(name, names)} />;
  }
  if (!mayLook(session.role)) return <NotAllowed role={session.role} app={name} />;
  return <Image app={app} objectId={objectId} />;
}

function Image({ app, objectId }: { app: App; objectId: string }) {
  const search = useFilter();
  const name = app.app;
  const { data, error, refetch } = useQuery(imageQuery(name, objectId));
  const neighbours = useNeighbours(name, search, objectId);
  const go = useGo(name, search);
  useKeptPlace(name, search, neighbours);
  useKeys({
    ArrowLeft: () => go.to(neighbours.previous),
    ArrowRight: () => go.to(neighbours.next),
    Escape: go.back,
  });
  useApiCalls(useMemo(() => callsOf(name, objectId), [name, objectId]));
  return (
    <div className={styles.page}>
      <ImageHead
        app={name}
        objectId={objectId}
        search={search}
        neighbours={neighbours}
        inferenceId={data?.object.inference_id ?? null}
        onGo={go.to}
      />
      {data !== undefined && <Opened key={objectId} app={app} chain={data} />}
      {data === undefined && error !== null && (
        <div className={styles.notice}>
          {error instanceof ApiError && error.status === 404 ? (
            <Notice title={texts.image.notFound}>{error.message}</Notice>
          ) : (
            <Problem error={error} onRetry={() => refetch()} />
          )}
        </div>
      )}
      {data === undefined && error === null && (
        <div className={styles.notice}>
          <Notice>{texts.predict.loading}</Notice>
        </div>
      )}
    </div>
  );
}

function Opened({ app, chain }: { app: App; chain: ImageChain }) {
  const { object, inferences, truth } = chain;
  const [shownId, setShownId] = useState(object.inference_id);
  const [shows, setShows] = useState<Shows>({ predictions: true, truth: true });
  const colour = useCallback((label: string) => colourOf(label, app.labels), [app.labels]);
  const shown = inferences.find(({ inference_id }) => inference_id === shownId);
  const predictions = shown?.predictions ?? [];
  const seen = outcomesOf(predictions, object.reviewed ? truth : null);
  const boxes = shows.predictions
    ? seen.filter(({ outcome }) => shows.truth || outcome !== "fn")
    : truth.map((one) => ({ ...one, score: null, outcome: "tp" as const }));
  return (
    <div className={styles.opened}>
      <div className={styles.left}>
        <Picture
          objectId={object.object_id}
          picture={object}
          boxes={shows.predictions || shows.truth ? boxes : []}
          colourOf={colour}
        />
        <Legend boxes={seen} shows={shows} onShows={setShows} colourOf={colour} />
      </div>
      <aside className={styles.panel}>
        <section aria-labelledby="facts">
          <h2 id="facts" className={styles.title}>
            {texts.image.facts}
          </h2>
          <ImageFacts app={app.app} image={object} />
        </section>
        <section aria-labelledby="chain">
          <h2 id="chain" className={styles.title}>
            {texts.image.chain}
          </h2>
          <Chain app={app.app} chain={chain} shownId={shownId} onShow={setShownId} />
        </section>
      </aside>
    </div>
  );
}

function useGo(app: string, { at, ...filter }: ImageSearch) {
  const navigate = useNavigate();
  return {
    to: (neighbour: Neighbour | null) => {
      if (neighbour === null) return;
      void navigate({
        to: "/images/$app/$objectId",
        params: { app, objectId: neighbour.objectId },
        search: { ...filter, at: neighbour.at },
        replace: true,
      });
    },
    back: () => void navigate({ to: "/images/$app", params: { app }, search: filter }),
  };
}

function useKeptPlace(app: string, { at: _, ...filter }: ImageSearch, { place }: Neighbours): void {
  const query = plainQuery(filter);
  const at = place?.at;
  useEffect(() => {
    if (at !== undefined) movePlace(app, query, at);
  }, [app, query, at]);
}

// Keys of the whole page, unless they mean something where the focus is.
function useKeys(keys: Readonly<Record<string, () => void>>): void {
  const press = useEffectEvent((event: KeyboardEvent) => {
    const isElsewhere =
      event.target instanceof Element &&
      event.target.closest("input, textarea, [role=dialog], [role=menu], [role=listbox]") !== null;
    const deed = keys[event.key];
    if (deed === undefined || isElsewhere || event.defaultPrevented) return;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    deed();
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => press(event);
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, []);
}

function callsOf(app: string, objectId: string): ApiCall[] {
  const object = `/api/v1/objects/${objectId}`;
  return [
    { title: texts.images.api.image, method: "GET", path: imageAddress(app, objectId) },
    { title: texts.images.api.original, method: "GET", path: object },
    {
      title: texts.images.api.review,
      method: "POST",
      path: `/api/v1/apps/${app}/queue/requests`,
      body: { object_ids: [objectId] },
    },
  ];
}
