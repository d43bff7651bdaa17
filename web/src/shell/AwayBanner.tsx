// A quiet word while the server cannot be reached; gone when it is back.

import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { connection, isReachable } from "../api/connection";
import { useStore } from "../state/store";
import { texts } from "../texts";
import { Icon } from "../ui/Icon";
import styles from "./AwayBanner.module.css";
import { useDesk } from "./desk";

const POLL_MS = 2_000;

export function AwayBanner() {
  const isAway = useStore(connection) === "away";
  useReturn(isAway);
  return (
    <div role="status" className={styles.place}>
      {isAway && (
        <p className={styles.banner}>
          <Icon name="away" />
          {texts.shell.away}
        </p>
      )}
    </div>
  );
}

// Asks for the server while it is away, and only then; once it is back, what was missed is
// fetched and what waits is sent.
function useReturn(isAway: boolean): void {
  const queryClient = useQueryClient();
  const { outbox } = useDesk();
  useEffect(() => {
    const onOffline = () => connection.met(0);
    addEventListener("offline", onOffline);
    return () => removeEventListener("offline", onOffline);
  }, []);
  useEffect(() => {
    if (!isAway) return;
    const ask = () => void isReachable();
    const timer = setInterval(ask, POLL_MS);
    addEventListener("online", ask);
    return () => {
      clearInterval(timer);
      removeEventListener("online", ask);
      void queryClient.invalidateQueries();
      outbox.wake();
    };
  }, [isAway, queryClient, outbox]);
}
