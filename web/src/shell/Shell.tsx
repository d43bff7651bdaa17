// The frame of all pages behind the sign-in: header above, page below.

import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Outlet, useNavigate, useParams } from "@tanstack/react-router";
import { ApiError } from "../api/client";
import { appsQuery, sessionQuery } from "../api/queries";
import { texts } from "../texts";
import { Button } from "../ui/Button";
import { Mark } from "../ui/Icon";
import { Notice, Problem } from "../ui/Notice";
import { Select } from "../ui/Select";
import { Toasts } from "../ui/Toast";
import { AccountMenu } from "./AccountMenu";
import { DeskProvider } from "./desk";
import styles from "./Shell.module.css";

export function Shell() {
  const session = useSuspenseQuery(sessionQuery).data;
  const apps = useQuery(appsQuery);
  return (
    <DeskProvider user={session.user} key={session.user}>
      <div className={styles.shell}>
        <a href="#content" className={styles.skip}>
          {texts.skip}
        </a>
        <header className={styles.header}>
          <Mark />
          <span className={styles.name}>{apps.data?.project ?? texts.name}</span>
          <AppPicker apps={apps.data?.apps.map(({ app }) => app) ?? []} />
          <span className={styles.gap} />
          <AccountMenu session={session} />
        </header>
        <main id="content" className={styles.main} tabIndex={-1}>
          {apps.error !== null && <Problem error={apps.error} onRetry={() => apps.refetch()} />}
          {apps.data?.apps.length === 0 && (
            <Notice title={texts.shell.noApps}>{texts.shell.noAppsHint}</Notice>
          )}
          {apps.data !== undefined && apps.data.apps.length > 0 && <Outlet />}
        </main>
        <Toasts />
      </div>
    </DeskProvider>
  );
}

function AppPicker({ apps }: { apps: readonly string[] }) {
  const { app } = useParams({ strict: false });
  const navigate = useNavigate();
  if (app === undefined || !apps.includes(app)) return null;
  return (
    <>
      <span className={styles.slash} aria-hidden="true">
        /
      </span>
      <Select
        quiet
        className={styles.picker}
        name={texts.shell.apps}
        value={app}
        options={apps}
        onChange={(next) => navigate({ to: "/predict/$app", params: { app: next } })}
      />
    </>
  );
}

// What is left of a page that threw an error.
export function Broken({ error }: { error: unknown }) {
  const reload = <Button onClick={() => location.reload()}>{texts.errors.reload}</Button>;
  return (
    <Notice kind="bad" title={texts.errors.title} action={reload}>
      {error instanceof ApiError ? error.message : texts.errors.page}
    </Notice>
  );
}
