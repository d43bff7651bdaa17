// Many images of a classification at once: the wrong ones are picked and labelled, then all are
// confirmed together.

import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import type { QueuePage, Strategy } from "../api/queue";
import type { App } from "../api/types";
import { led, NOTHING, pick } from "../domain/picking";
import { texts } from "../texts";
import { KeySheet } from "../workspace/KeySheet";
import { useKeys } from "../workspace/useKeys";
import { GridBar } from "./GridBar";
import { GridCell } from "./GridCell";
import styles from "./GridReview.module.css";
import { type Card, useBatch } from "./useBatch";
import { useTrail } from "./useTrail";
import { Waiting } from "./Waiting";

// So many are shown at once, and as many are held for after them.
const BATCH = 24;
// The longest side of their pictures, in pixels.
export const CELL_SIZE = 320;

interface GridReviewProps {
  app: App;
  strategy: Strategy;
  queue: QueuePage | undefined;
}

export function GridReview({ app, strategy, queue }: GridReviewProps) {
  const { trail } = useTrail(app, strategy, null, { ahead: 2 * BATCH - 1, size: CELL_SIZE });
  const navigate = useNavigate();
  const items = trail.waiting(null).slice(0, BATCH);
  const batch = useBatch(app, items);
  const [picked, setPicked] = useState(NOTHING);
  const [showsKeys, setShowsKeys] = useState(false);
  const grid = useRef<HTMLDivElement>(null);
  const ids = items.map(({ object_id }) => object_id);

  const chosen = (): string[] => {
    const own = ids.filter((id) => picked.keys.has(id));
    return own.length > 0 ? own : ids.slice(picked.cursor, picked.cursor + 1);
  };
  const goOn = (cards: readonly Card[], how: "completed" | "skipped") => {
    for (const { item } of cards) trail.leave(item.object_id, how);
    setPicked(NOTHING);
    void trail.open(null);
  };
  const known = batch.cards.filter((card) => card !== null);
  const complete = () => goOn(batch.complete(known), "completed");
  const open = (objectId: string) =>
    void navigate({
      to: "/review/$app/$objectId",
      params: { app: app.app, objectId },
      search: { strategy, view: "one" },
    });
  const move = (key: string, isRun: boolean): boolean => {
    const to = led(key, picked.cursor, ids.length, columnsOf(grid.current));
    if (to === null) return key.startsWith("Arrow");
    setPicked(pick(picked, ids, to, isRun ? "run" : "only"));
    grid.current?.querySelectorAll<HTMLElement>("[role=option]")[to]?.focus();
    return true;
  };
  const onKey = (event: KeyboardEvent): boolean => {
    const { key } = event;
    if (event.ctrlKey || event.metaKey) {
      if (key === "z") batch.undo();
      else if (key === "a") setPicked({ ...picked, keys: new Set(ids) });
      else return false;
      return true;
    }
    const label = app.labels[/^[1-9]$/.test(key) ? Number(key) - 1 : -1];
    const cursor = ids[picked.cursor];
    if (label !== undefined) batch.label(chosen(), label);
    else if (key === "?") setShowsKeys(true);
    else if (key === "Escape") setPicked(NOTHING);
    else if (key === " ") setPicked(pick(picked, ids, picked.cursor, "toggle"));
    else if (key === "Enter" && !event.repeat) complete();
    else if (key === "o" && cursor !== undefined) open(cursor);
    else if (key === "s" && !event.repeat) goOn(known, "skipped");
    else return move(key, event.shiftKey);
    return true;
  };
  useKeys(onKey);

  if (items.length === 0) {
    return <Waiting app={app} strategy={strategy} queue={queue} trail={trail} />;
  }
  return (
    <section className={styles.area} aria-label={texts.queue.batch(items.length)}>
      <div
        ref={grid}
        className={styles.grid}
        role="listbox"
        aria-multiselectable="true"
        aria-label={texts.queue.batch(items.length)}
        data-keys
      >
        {items.map((item, at) => (
          <GridCell
            key={item.object_id}
            app={app}
            item={item}
            card={batch.cards[at] ?? null}
            isPicked={picked.keys.has(item.object_id)}
            isCursor={at === picked.cursor}
            onPick={(how) => setPicked(pick(picked, ids, at, how))}
            onOpen={() => open(item.object_id)}
          />
        ))}
      </div>
      <GridBar
        app={app}
        cards={batch.cards}
        picked={picked.keys.size}
        onLabel={(label) => batch.label(chosen(), label)}
        onComplete={complete}
        onSkip={() => goOn(known, "skipped")}
        onUndo={() => batch.undo()}
        onKeys={() => setShowsKeys(true)}
      />
      <KeySheet
        groups={[texts.queue.gridKeys, texts.shell.keys]}
        open={showsKeys}
        onOpenChange={setShowsKeys}
      />
    </section>
  );
}

function columnsOf(grid: HTMLElement | null): number {
  if (grid === null) return 1;
  return getComputedStyle(grid).gridTemplateColumns.split(" ").length;
}
