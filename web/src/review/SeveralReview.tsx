// Several pictures with boxes at once, each to be put right; then all are accepted together.

import { useNavigate } from "@tanstack/react-router";
import { type CSSProperties, useEffect, useRef, useState } from "react";
import type { QueuePage, Strategy } from "../api/queue";
import type { App } from "../api/types";
import { led } from "../domain/picking";
import { texts } from "../texts";
import { KeySheet } from "../workspace/KeySheet";
import { useKeys } from "../workspace/useKeys";
import { complete, openOf } from "./FlowBar";
import { SeveralBar } from "./SeveralBar";
import { SeveralCell } from "./SeveralCell";
import type { PictureHandle } from "./SeveralPicture";
import styles from "./SeveralReview.module.css";
import { lastTouched, useSeveral } from "./useSeveral";
import { useTrail } from "./useTrail";
import { Waiting } from "./Waiting";

// The longest side of a picture, in pixels: enough for a dense screen.
const SIZES = { 4: 1200, 9: 800 } as const;

interface SeveralReviewProps {
  app: App;
  strategy: Strategy;
  count: keyof typeof SIZES;
  queue: QueuePage | undefined;
}

export function SeveralReview({ app, strategy, count, queue }: SeveralReviewProps) {
  const reach = { ahead: 2 * count - 1, size: SIZES[count] };
  const { trail } = useTrail(app, strategy, null, reach);
  const navigate = useNavigate();
  const { several, seatAnew } = useSeveral(app, trail.waiting(null), count);
  const [active, setActive] = useState(0);
  // The same at once: the keys mean what the pointer came upon before the page has drawn it.
  const pointed = useRef(0);
  const [inHand, setInHand] = useState<string | null>(null);
  const [showsKeys, setShowsKeys] = useState(false);
  const [gone, setGone] = useState<readonly (readonly string[])[]>([]);
  const handles = useRef(new Map<string, PictureHandle>());

  const present = several.filter((shown) => shown !== null);
  const reviews = present.map(({ review }) => review).filter((review) => review !== null);
  // Where nothing is left, the first one gets the keys.
  const orFirst = (at: number) =>
    several[at] == null ? several.findIndex((shown) => shown !== null) : at;
  const idAt = (at: number) => several[orFirst(at)]?.item.object_id ?? null;
  const activeId = idAt(active);
  // In rows of so many: the last few are shown larger.
  const places = several.findLastIndex((shown) => shown !== null) + 1;
  const side = Math.ceil(Math.sqrt(places));

  const activate = (at: number) => {
    pointed.current = at;
    setActive(at);
  };

  const skip = (objectId: string) => {
    trail.leave(objectId, "skipped");
    void trail.open(null);
  };
  // What is not there yet stays.
  const goOn = (accepts: boolean) => {
    const done: string[] = [];
    for (const { item, review } of present) {
      if (review === null) continue;
      complete(review, accepts ? openOf(review) : []);
      trail.leave(item.object_id, "completed");
      done.push(item.object_id);
    }
    if (done.length > 0) setGone([...gone, done]);
    void trail.open(null);
  };
  const back = () => {
    trail.comeBack(gone.at(-1) ?? []);
    setGone(gone.slice(0, -1));
    seatAnew();
  };
  const open = (objectId: string) =>
    void navigate({
      to: "/review/$app/$objectId",
      params: { app: app.app, objectId },
      search: { strategy, view: "one" },
    });
  const onLabel = (label: string) => {
    const objectId =
      inHand !== null && handles.current.has(inHand) ? inHand : idAt(pointed.current);
    if (objectId === null) return;
    handles.current.get(objectId)?.chooseLabel(label);
    setInHand(objectId);
  };

  const onKey = (event: KeyboardEvent): boolean => {
    const key = event.key.toLowerCase();
    if (key === "?") {
      setShowsKeys(true);
      return true;
    }
    if ((event.ctrlKey || event.metaKey) && (key === "z" || key === "y")) {
      if (key === "z" && !event.shiftKey) lastTouched(reviews, "done")?.undo();
      else lastTouched(reviews, "undone")?.redo();
      return true;
    }
    const objectId = idAt(pointed.current);
    if (objectId !== null && handles.current.get(objectId)?.onKey(event)) {
      setInHand(objectId);
      return true;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    return onArrow(event.key) || (!event.repeat && onWay(key, objectId));
  };
  const onArrow = (key: string): boolean => {
    const to = led(key, orFirst(pointed.current), places, side);
    if (to !== null && several[to] != null) {
      focusOn(several[to].item.object_id);
      activate(to);
    }
    return key.startsWith("Arrow");
  };
  const onWay = (key: string, objectId: string | null): boolean => {
    if (key === " " || key === "a") goOn(true);
    else if (key === "c") goOn(false);
    else if (key === "b" && gone.length > 0) back();
    else if (key === "s" && objectId !== null) skip(objectId);
    else if (key === "o" && objectId !== null) open(objectId);
    else return false;
    return true;
  };
  useKeys(onKey);
  const isThere = present.some((one) => one.item.object_id === activeId && one.subject !== null);
  useEffect(() => {
    // With a batch that is done the focus goes too.
    if (isThere && document.activeElement === document.body) focusOn(activeId);
  }, [activeId, isThere]);

  if (present.length === 0) {
    return <Waiting app={app} strategy={strategy} queue={queue} trail={trail} />;
  }
  return (
    <section className={styles.area} aria-label={texts.queue.batch(present.length)}>
      <SeveralBar
        app={app}
        reviews={reviews}
        onLabel={onLabel}
        onUndo={() => lastTouched(reviews, "done")?.undo()}
        onRedo={() => lastTouched(reviews, "undone")?.redo()}
        onKeys={() => setShowsKeys(true)}
        onBack={gone.length === 0 ? null : back}
        onAsItIs={() => goOn(false)}
        onAccept={() => goOn(true)}
      />
      <div className={styles.grid} style={{ "--side": side } as CSSProperties}>
        {several.slice(0, places).map((shown, at) => {
          const name = texts.queue.place(at + 1, places);
          if (shown === null) return <div key={name} />;
          const objectId = shown.item.object_id;
          return (
            <SeveralCell
              key={objectId}
              ref={(handle) => {
                if (handle !== null) handles.current.set(objectId, handle);
                return () => void handles.current.delete(objectId);
              }}
              app={app}
              shown={shown}
              name={name}
              size={SIZES[count]}
              isActive={at === orFirst(active)}
              isInHand={objectId === inHand}
              onActive={() => activate(at)}
              onInHand={() => setInHand(objectId)}
              onOpen={() => open(objectId)}
              onSkip={() => skip(objectId)}
            />
          );
        })}
      </div>
      <KeySheet
        groups={[texts.queue.severalKeys, texts.keys.boxes, texts.keys.view, texts.shell.keys]}
        open={showsKeys}
        onOpenChange={setShowsKeys}
      />
    </section>
  );
}

function focusOn(objectId: string | null): void {
  document
    .querySelector<HTMLElement>(`[data-object="${objectId}"] [role=application]`)
    ?.focus({ preventScroll: true });
}
