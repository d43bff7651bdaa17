// Beside the picture: which queue, how far it is, and what comes in it.

import { useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { pictureAddress, sessionQuery } from "../api/queries";
import { type QueueItem, type QueuePage, STRATEGIES, type Strategy } from "../api/queue";
import type { App } from "../api/types";
import { nameOf } from "../domain/people";
import { texts } from "../texts";
import { Icon } from "../ui/Icon";
import { ProgressBar } from "./ProgressBar";
import styles from "./QueueSide.module.css";
import type { View } from "./search";
import { ViewSwitch } from "./ViewSwitch";

interface QueueSideProps {
  app: App;
  strategy: Strategy;
  // Null where there is no choice.
  view: View | null;
  openId: string | null;
  queue: QueuePage | undefined;
}

const THUMBNAIL = 96;

export function QueueSide({ app, strategy, view, openId, queue }: QueueSideProps) {
  const kept = view === null ? {} : { view };
  return (
    <aside className={styles.side}>
      <h1 className={styles.title}>{texts.queue.title}</h1>
      {queue !== undefined && <ProgressBar progress={queue.progress} />}
      <nav aria-label={texts.queue.order}>
        <ul className={styles.strategies}>
          {STRATEGIES.map((each) => (
            <li key={each}>
              <Link
                to="/review/$app"
                params={{ app: app.app }}
                search={{ strategy: each, ...kept }}
                ref={each === strategy ? reveal : undefined}
                className={styles.strategy}
                aria-current={each === strategy ? "true" : undefined}
                title={texts.queue.hints[each]}
              >
                {texts.queue.strategies[each]}
                <span className={styles.count}>{queue?.counts[each].toLocaleString("en")}</span>
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      {view !== null && <ViewSwitch app={app} strategy={strategy} view={view} />}
      {queue !== undefined && queue.items.length > 0 && (
        <section className={styles.upcoming} aria-labelledby="upcoming">
          <h2 id="upcoming" className={styles.heading}>
            {texts.queue.upcoming}
          </h2>
          <ul className={styles.list}>
            {queue.items.map((item) => (
              <li key={item.object_id}>
                <Item
                  app={app}
                  strategy={strategy}
                  item={item}
                  isOpen={item.object_id === openId}
                />
              </li>
            ))}
          </ul>
          <Data app={app} strategy={strategy} />
        </section>
      )}
    </aside>
  );
}

// On a phone they lie in a row that is wider than it.
function reveal(chosen: HTMLElement | null): void {
  chosen?.scrollIntoView({ block: "nearest", inline: "center" });
}

interface ItemProps {
  app: App;
  strategy: Strategy;
  item: QueueItem;
  isOpen: boolean;
}

function Item({ app, strategy, item, isOpen }: ItemProps) {
  const { user } = useSuspenseQuery(sessionQuery).data;
  const holder = item.leased_by === null ? user : nameOf(item.leased_by);
  return (
    <Link
      to="/review/$app/$objectId"
      params={{ app: app.app, objectId: item.object_id }}
      search={{ strategy }}
      className={styles.item}
      aria-current={isOpen ? "page" : undefined}
    >
      <img
        className={styles.thumbnail}
        src={pictureAddress(item.object_id, THUMBNAIL)}
        alt=""
        loading="lazy"
        width="44"
        height="34"
      />
      <span className={styles.detail}>{item.detail}</span>
      {holder !== user && (
        <span className={styles.lease} title={texts.queue.leased(holder)}>
          <Icon name="people" />
          <span className="visually-hidden">{texts.queue.leased(holder)}</span>
        </span>
      )}
    </Link>
  );
}

// The same list for programs.
function Data({ app, strategy }: Pick<QueueSideProps, "app" | "strategy">) {
  const query = new URLSearchParams({ strategy });
  const address = `/api/v1/apps/${encodeURIComponent(app.app)}/queue?${query}`;
  return (
    <p className={styles.data}>
      {texts.queue.data} <a href={address}>JSON</a> <a href={`${address}&format=csv`}>CSV</a>
    </p>
  );
}
