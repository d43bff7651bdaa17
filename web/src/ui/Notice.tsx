// What a place says when it has nothing to show, or could not get it.

import type { ReactNode } from "react";
import { ApiError } from "../api/client";
import { texts } from "../texts";
import { Button, join } from "./Button";
import styles from "./Notice.module.css";

interface NoticeProps {
  title?: string;
  children?: ReactNode;
  action?: ReactNode;
  kind?: "plain" | "bad";
}

export function Notice({ title, children, action, kind = "plain" }: NoticeProps) {
  return (
    <div className={join(styles.notice, styles[kind])} role={kind === "bad" ? "alert" : undefined}>
      {title === undefined ? null : <p className={styles.title}>{title}</p>}
      {children === undefined ? null : <div className={styles.text}>{children}</div>}
      {action}
    </div>
  );
}

// A request that failed: what the server said, and a way to try again.
export function Problem({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  const id = error instanceof ApiError ? error.requestId : null;
  const retry =
    onRetry === undefined ? null : <Button onClick={onRetry}>{texts.errors.retry}</Button>;
  return (
    <Notice kind="bad" title={texts.errors.title} action={retry}>
      {error.message}
      {id === null ? null : <small className={styles.id}>{texts.errors.requestId(id)}</small>}
    </Notice>
  );
}
