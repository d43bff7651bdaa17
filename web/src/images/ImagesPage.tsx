// Images: everything an application has seen, under any filter.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo } from "react";
import {
  blockAddress,
  type Facets as Counts,
  facetsAddress,
  facetsQuery,
  type ImageFilter,
} from "../api/images";
import { parseQuery, plainQuery } from "../api/plainQuery";
import { appsQuery, sessionQuery } from "../api/queries";
import type { App, Role } from "../api/types";
import { colourOf } from "../domain/colours";
import { type ApiCall, useApiCalls } from "../shell/apiCalls";
import { texts } from "../texts";
import { Notice, Problem } from "../ui/Notice";
import { Chips, chipsOf } from "./Chips";
import { FacetSheet } from "./FacetSheet";
import { Facets } from "./Facets";
import styles from "./ImagesPage.module.css";
import { mayLook, NoneYet, NotAllowed, Nothing } from "./Nothing";
import { Results } from "./Results";
import { SavedFilters } from "./SavedFilters";
import { type Change, changed, imagesSearch, isFiltering } from "./search";
import { Toolbar } from "./Toolbar";
import { useFilter } from "./useFilter";
import { useGridSize } from "./useGridSize";
import { useRenewal, useShown } from "./useShown";
import { Waiting } from "./Waiting";

export function ImagesPage() {
  const { app: name = "" } = useParams({ strict: false });
  const { data: list } = useQuery(appsQuery);
  const { data: session } = useQuery(sessionQuery);
  useEffect(() => {
    document.title = texts.title(`${texts.images.title} · ${name}`);
  }, [name]);
  if (list === undefined || session === undefined) return null;
  const app = list.apps.find((each) => each.app === name);
  if (app === undefined) {
    const names = list.apps.map((each) => each.app).join(", ");
    return <Notice title={texts.shell.unknownApp(name, names)} />;
  }
  if (!mayLook(session.role)) return <NotAllowed role={session.role} app={name} />;
  return <Images key={name} app={app} role={session.role} />;
}

function Images({ app, role }: { app: App; role: Role }) {
  const name = app.app;
  const filter = useFilter();
  const query = plainQuery(filter);
  const navigate = useNavigate();
  const [size, setSize] = useGridSize();
  const colour = useCallback((label: string) => colourOf(label, app.labels), [app.labels]);
  const shown = useShown(name, filter);
  const { data: counts } = useQuery({
    ...facetsQuery(name, filter),
    placeholderData: keepPreviousData<Counts>,
  });
  useRenewal(name);
  useApiCalls(useMemo(() => callsOf(name, filter), [name, filter]));

  const goTo = (next: ImageFilter) =>
    void navigate({ to: "/images/$app", params: { app: name }, search: next });
  const change = (by: Change) => goTo(changed(filter, by));
  const clear = () => goTo(changed({}, { sort: filter.sort }));
  const facets = <Facets filter={filter} counts={counts} onChange={change} colourOf={colour} />;
  const total = shown.page?.total;
  if (total === 0 && !isFiltering(filter)) {
    return (
      <>
        <h1 className="visually-hidden">{texts.images.total(0)}</h1>
        <NoneYet app={name} />
      </>
    );
  }
  return (
    <div className={styles.page}>
      <aside className={styles.side} aria-label={texts.filters.title}>
        {facets}
      </aside>
      <div className={styles.main}>
        <Toolbar
          app={name}
          filter={filter}
          total={total}
          size={size}
          onSize={setSize}
          onSort={(sort) => change({ sort })}
        >
          <FacetSheet active={chipsOf(filter).length} total={total ?? 0} onClear={clear}>
            {facets}
          </FacetSheet>
          <SavedFilters
            app={name}
            query={query}
            onOpen={(saved) => goTo(imagesSearch(parseQuery(saved)))}
          />
        </Toolbar>
        <Chips filter={filter} onChange={change} onClear={clear} colourOf={colour} />
        {shown.page === undefined && shown.error === null && <Waiting size={size} />}
        {shown.error !== null && <Problem error={shown.error} onRetry={shown.retry} />}
        {total === 0 && <Nothing onClear={clear} />}
        {shown.page !== undefined && shown.page.total > 0 && (
          <Results
            key={plainQuery(shown.filter)}
            app={app}
            role={role}
            filter={shown.filter}
            page={shown.page}
            counts={counts}
            isOld={shown.isOld}
            size={size}
            colourOf={colour}
          />
        )}
      </div>
    </div>
  );
}

function callsOf(app: string, filter: ImageFilter): ApiCall[] {
  const { sort: _, ...asked } = filter;
  return [
    { title: texts.images.api.list, method: "GET", path: blockAddress(app, filter, 0) },
    { title: texts.images.api.facets, method: "GET", path: facetsAddress(app, filter) },
    {
      title: texts.images.api.review,
      method: "POST",
      path: `/api/v1/apps/${app}/queue/requests`,
      body: { filter: asked },
    },
    {
      title: texts.images.api.snapshot,
      method: "POST",
      path: "/api/v1/snapshots",
      body: { name: "my-snapshot", app, filter: asked },
    },
  ];
}
