// Home: what this project is, how its layers stand, and what to do next.

import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { layersQuery } from "../api/layers";
import { appsQuery, sessionQuery } from "../api/queries";
import { type ApiCall, useApiCalls } from "../shell/apiCalls";
import { texts } from "../texts";
import { Problem } from "../ui/Notice";
import { AppCards } from "./AppCards";
import { FirstSteps } from "./FirstSteps";
import styles from "./HomePage.module.css";
import { Loop } from "./Loop";

const CALLS: readonly ApiCall[] = [
  { title: texts.home.calls.layers, method: "GET", path: "/api/v1/layers" },
  { title: texts.home.calls.apps, method: "GET", path: "/api/v1/apps" },
];

export function HomePage() {
  const { role } = useSuspenseQuery(sessionQuery).data;
  const { data: list } = useQuery(appsQuery);
  const layers = useQuery(layersQuery);
  const apps = list?.apps ?? [];
  useApiCalls(CALLS);
  useEffect(() => {
    document.title = texts.title(list?.project ?? texts.home.title);
  }, [list?.project]);
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1 className={styles.title}>{list?.project}</h1>
        <p className={styles.lead}>{texts.home.lead}</p>
      </header>
      {layers.isLoadingError && <Problem error={layers.error} onRetry={() => layers.refetch()} />}
      {layers.data !== undefined && (
        <FirstSteps steps={layers.data.steps} app={apps[0]} role={role} />
      )}
      {!layers.isLoadingError && <Loop layers={layers.data?.layers} />}
      <AppCards apps={apps} role={role} />
    </div>
  );
}
