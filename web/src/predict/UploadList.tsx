// The pictures on their way, each with its progress and its end.

import { Link } from "@tanstack/react-router";
import { useDesk } from "../shell/desk";
import { useStore } from "../state/store";
import type { UploadItem } from "../state/uploads";
import { texts } from "../texts";
import { Button, IconButton, join } from "../ui/Button";
import styles from "./UploadList.module.css";

// So many are listed; of a whole folder the others are counted.
const LISTED = 40;
// So many findings of a picture that is not kept are named.
const NAMED = 5;
// What failed needs somebody, what is under way is of interest, what is done is in the list below.
const RANKS: Record<UploadItem["phase"], number> = {
  failed: 0,
  sending: 1,
  working: 1,
  waiting: 2,
  done: 3,
};

export function UploadList({ app }: { app: string }) {
  const { uploads } = useDesk();
  const items = useStore(uploads).filter((item) => item.app === app);
  const isOver = items.every(({ phase, unkept }) => phase === "done" && unkept === null);
  if (items.length === 0 || (items.length === 1 && isOver)) return null;
  const listed = items.toSorted((a, b) => RANKS[a.phase] - RANKS[b.phase]).slice(0, LISTED);
  return (
    <section className={styles.uploads} aria-label={texts.uploads.title}>
      {items.length > 1 && <Summary items={items} />}
      <ul className={styles.list} aria-label={texts.uploads.title}>
        {listed.map((item) => (
          <Item key={item.key} item={item} />
        ))}
      </ul>
      {items.length > listed.length && (
        <p className={styles.more}>{texts.uploads.more(items.length - listed.length)}</p>
      )}
    </section>
  );
}

function Summary({ items }: { items: readonly UploadItem[] }) {
  const { uploads } = useDesk();
  const numberOf = (phase: UploadItem["phase"]) =>
    items.filter((item) => item.phase === phase).length;
  const done = numberOf("done");
  const failed = numberOf("failed");
  return (
    <div className={styles.summary}>
      <p role="status">
        {texts.uploads.progress(done, items.length)}
        {failed > 0 && <span className={styles.bad}>, {texts.uploads.failed(failed)}</span>}
      </p>
      {numberOf("waiting") > 0 && (
        <Button kind="quiet" title={texts.uploads.stopHint} onClick={() => uploads.stop()}>
          {texts.uploads.stop}
        </Button>
      )}
      <progress
        className={join(styles.progress, styles.total)}
        aria-label={texts.uploads.title}
        value={done + failed}
        max={items.length}
      />
    </div>
  );
}

function Item({ item }: { item: UploadItem }) {
  const { uploads } = useDesk();
  const { name } = item.file;
  return (
    <li className={styles.item} data-phase={item.phase}>
      <div className={styles.row}>
        <div className={styles.words}>
          <Name item={item} />
          <span className={styles.state}>{item.problem ?? stateOf(item)}</span>
        </div>
        {item.phase === "failed" && item.mayRetry && (
          <IconButton
            icon="restore"
            name={texts.uploads.retry(name)}
            onClick={() => uploads.retry(item.key)}
          />
        )}
        {(item.phase === "failed" || item.unkept !== null) && (
          <IconButton
            icon="close"
            name={texts.uploads.dismiss(name)}
            onClick={() => uploads.dismiss(item.key)}
          />
        )}
      </div>
      {(item.phase === "sending" || item.phase === "working") && (
        <progress
          className={styles.progress}
          aria-label={name}
          value={item.phase === "sending" ? item.progress : undefined}
        />
      )}
    </li>
  );
}

function Name({ item }: { item: UploadItem }) {
  const { name } = item.file;
  if (item.inferenceId === null) return <span className={styles.name}>{name}</span>;
  return (
    <Link
      to="/predict/$app/$inferenceId"
      params={{ app: item.app, inferenceId: item.inferenceId }}
      className={styles.name}
      aria-label={texts.uploads.open(name)}
    >
      {name}
    </Link>
  );
}

function stateOf({ phase, progress, unkept }: UploadItem): string {
  if (unkept !== null) {
    const found = unkept.map(({ label, score }) => `${label} ${texts.findings.score(score)}`);
    return texts.uploads.unkept(found.slice(0, NAMED), Math.max(0, found.length - NAMED));
  }
  if (phase === "sending") return texts.uploads.sending(progress);
  return phase === "failed" ? "" : texts.uploads[phase];
}
