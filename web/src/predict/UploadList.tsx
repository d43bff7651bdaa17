// The pictures on their way, each with its progress and its end.

import { Link } from "@tanstack/react-router";
import { useDesk } from "../shell/desk";
import { useStore } from "../state/store";
import type { UploadItem } from "../state/uploads";
import { texts } from "../texts";
import { IconButton } from "../ui/Button";
import styles from "./UploadList.module.css";

export function UploadList({ app }: { app: string }) {
  const { uploads } = useDesk();
  const items = useStore(uploads).filter((item) => item.app === app);
  const isOver = items.every(({ phase }) => phase === "done");
  if (items.length === 0 || (items.length === 1 && isOver)) return null;
  return (
    <ul className={styles.list} aria-label={texts.uploads.title} aria-live="polite">
      {items.map((item) => (
        <Item key={item.key} item={item} />
      ))}
    </ul>
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
        {item.phase === "failed" && (
          <>
            {item.mayRetry && (
              <IconButton
                icon="restore"
                name={texts.uploads.retry(name)}
                onClick={() => uploads.retry(item.key)}
              />
            )}
            <IconButton
              icon="close"
              name={texts.uploads.dismiss(name)}
              onClick={() => uploads.dismiss(item.key)}
            />
          </>
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

function stateOf({ phase, progress }: UploadItem): string {
  if (phase === "sending") return texts.uploads.sending(progress);
  return phase === "failed" ? "" : texts.uploads[phase];
}
