// Past inferences, the latest first, with a small picture each.

import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { inferencesQuery, pictureAddress } from "../api/queries";
import type { App, InferenceSummary } from "../api/types";
import { fullTime, shortTime, texts } from "../texts";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { Problem } from "../ui/Notice";
import styles from "./HistoryList.module.css";

interface HistoryListProps {
  app: App;
  openId: string | null;
}

export function HistoryList({ app, openId }: HistoryListProps) {
  const past = useInfiniteQuery(inferencesQuery(app.app));
  const entries = past.data?.pages.flatMap(({ inferences }) => inferences) ?? [];
  return (
    <nav className={styles.history} aria-labelledby="history">
      <h2 id="history" className={styles.title}>
        {texts.history.title}
      </h2>
      {past.isPending && <Placeholders />}
      {past.error !== null && <Problem error={past.error} onRetry={() => past.refetch()} />}
      {past.isSuccess && entries.length === 0 && (
        <p className={styles.empty}>{texts.history.empty}</p>
      )}
      <ul className={styles.list}>
        {entries.map((entry) => (
          <Entry
            key={entry.inference_id}
            app={app}
            entry={entry}
            isOpen={entry.inference_id === openId}
          />
        ))}
        {past.hasNextPage && (
          <li className={styles.older}>
            <Button
              kind="quiet"
              onClick={() => past.fetchNextPage()}
              disabled={past.isFetchingNextPage}
            >
              {past.isFetchingNextPage ? texts.predict.loading : texts.history.older}
            </Button>
          </li>
        )}
      </ul>
    </nav>
  );
}

interface EntryProps {
  app: App;
  entry: InferenceSummary;
  isOpen: boolean;
}

function Entry({ app, entry, isOpen }: EntryProps) {
  const item = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isOpen) item.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [isOpen]);
  // Of a whole picture there is always one.
  const findings = app.task === "detection" ? texts.history.findings(entry.predictions) : null;
  const time = fullTime(entry.recorded_at);
  return (
    <li ref={item}>
      <Link
        to="/predict/$app/$inferenceId"
        params={{ app: app.app, inferenceId: entry.inference_id }}
        className={styles.entry}
        aria-current={isOpen ? "page" : undefined}
      >
        <img
          className={styles.picture}
          src={pictureAddress(entry.object_id, 96)}
          alt=""
          width={44}
          height={44}
          loading="lazy"
          decoding="async"
        />
        <span className={styles.words}>
          <span className={styles.time} title={time}>
            {shortTime(entry.recorded_at)}
          </span>
          <span className={styles.facts}>
            {entry.model_version === null ? texts.history.noModel : findings}
          </span>
        </span>
        {entry.reviewed && (
          <span className={styles.reviewed} title={texts.history.reviewed}>
            <Icon name="check" />
            <span className="visually-hidden">{texts.history.reviewed}</span>
          </span>
        )}
      </Link>
    </li>
  );
}

function Placeholders() {
  return (
    <div className={styles.list} aria-hidden="true">
      {[1, 2, 3, 4].map((each) => (
        <div key={each} className={styles.placeholder} />
      ))}
    </div>
  );
}
