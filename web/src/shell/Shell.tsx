// The frame of all pages behind the sign-in: header above, page below.

import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import { useRef } from "react";
import { appsQuery, sessionQuery } from "../api/queries";
import type { AppList, Session } from "../api/types";
import { texts } from "../texts";
import { Mark } from "../ui/Icon";
import { Notice, Problem } from "../ui/Notice";
import { Toasts } from "../ui/Toast";
import { AccountMenu } from "./AccountMenu";
import { ApiDrawer } from "./ApiDrawer";
import { AppPicker } from "./AppPicker";
import { AwayBanner } from "./AwayBanner";
import { ApiCallsProvider } from "./apiCalls";
import { DeskProvider } from "./desk";
import { Navigation } from "./Navigation";
import { pagesFor } from "./pages";
import styles from "./Shell.module.css";
import { useApp } from "./useApp";
import { useArrival } from "./useArrival";
import { useGoKeys } from "./useGoKeys";

export function Shell() {
  const session = useSuspenseQuery(sessionQuery).data;
  const apps = useQuery(appsQuery);
  const main = useRef<HTMLElement>(null);
  useArrival(main);
  return (
    <DeskProvider user={session.user} key={session.user}>
      <ApiCallsProvider>
        <div className={styles.shell}>
          <a href="#content" className={styles.skip}>
            {texts.skip}
          </a>
          <Header session={session} list={apps.data} />
          <AwayBanner />
          <main ref={main} id="content" className={styles.main} tabIndex={-1}>
            {apps.isLoadingError && <Problem error={apps.error} onRetry={() => apps.refetch()} />}
            {apps.data?.apps.length === 0 && (
              <Notice title={texts.shell.noApps}>{texts.shell.noAppsHint}</Notice>
            )}
            {apps.data !== undefined && apps.data.apps.length > 0 && <Outlet />}
          </main>
          <Toasts />
        </div>
      </ApiCallsProvider>
    </DeskProvider>
  );
}

function Header({ session, list }: { session: Session; list: AppList | undefined }) {
  const [app, setApp] = useApp(list?.apps ?? []);
  useGoKeys(session.role, app);
  return (
    <header className={styles.header}>
      <Link to="/" className={styles.home}>
        <Mark />
        <span className={styles.name}>{list?.project ?? texts.name}</span>
        <span className="visually-hidden">{texts.shell.toHome}</span>
      </Link>
      {pagesFor(session.role).length > 1 && (
        <AppPicker apps={list?.apps.map((each) => each.app) ?? []} app={app} onPick={setApp} />
      )}
      <Navigation role={session.role} app={app} />
      <span className={styles.gap} />
      <ApiDrawer role={session.role} />
      <AccountMenu session={session} />
    </header>
  );
}
