// A batch of images of a classification: what is said of each, and what is said of many at once.

import { useQueries } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { type QueueItem, subjectQuery } from "../api/queue";
import type { App } from "../api/types";
import { type Change, completed } from "../domain/changes";
import { type Labelling, labelled, labellingOf } from "../domain/labels";
import { placeOf, type Subject } from "../domain/subject";
import { useDesk } from "../shell/desk";
import { Hand, laid } from "../state/hand";
import { useStore } from "../state/store";

export interface Card extends Labelling {
  readonly item: QueueItem;
  readonly subject: Subject;
}

export interface Batch {
  // Null for one that is still on its way, or that could not be had.
  readonly cards: readonly (Card | null)[];
  // One that is still on its way is labelled as soon as it is here.
  label(objectIds: readonly string[], label: string): void;
  // Confirms what is predicted where nothing is said, and says that all of them are done; returns
  // those that have a label.
  complete(cards: readonly Card[]): Card[];
  undo(): void;
}

export function useBatch(app: App, items: readonly QueueItem[]): Batch {
  const { outbox, deeds } = useDesk();
  const { changes } = useStore(outbox);
  const subjects = useQueries({ queries: items.map((item) => subjectQuery(app, item)) });
  // What was done together, to be taken back together.
  const together = useRef<Hand[][]>([]);
  const cards = items.map((item, at): Card | null => {
    const subject = subjects[at]?.data;
    if (subject === undefined) return null;
    const place = placeOf(subject);
    const own = changes.filter((one) => one.place === place);
    return { item, subject, ...labellingOf(subject, laid(subject, own)) };
  });
  const [early, setEarly] = useState<ReadonlyMap<string, string>>(new Map());
  const act = (card: Card, made: readonly Change[]): Hand => {
    const hand = new Hand(card.subject, outbox, deeds);
    hand.act(...made);
    return hand;
  };
  const say = (labels: ReadonlyMap<string, string>) => {
    const here = cards.filter((card) => card !== null && labels.has(card.item.object_id)) as Card[];
    const changed = here.map(
      (card) => [card, changesOf(card, labels.get(card.item.object_id) ?? null)] as const,
    );
    const hands = changed.filter(([, made]) => made.length > 0).map((one) => act(...one));
    if (hands.length > 0) together.current.push(hands);
    return new Set(here.map(({ item }) => item.object_id));
  };
  useEffect(() => {
    if (early.size === 0) return;
    const said = say(early);
    if (said.size > 0) setEarly(new Map([...early].filter(([id]) => !said.has(id))));
  });
  return {
    cards,
    label: (objectIds, label) => {
      const said = say(new Map(objectIds.map((id) => [id, label])));
      const later = objectIds.filter((id) => !said.has(id));
      if (later.length > 0)
        setEarly(new Map([...early, ...later.map((id) => [id, label] as const)]));
    },
    complete: (some) => {
      const known = some.filter(({ about }) => about !== null);
      for (const card of known) act(card, [...changesOf(card, null), done(card)]);
      // What is out of sight is not taken back unseen.
      together.current = [];
      return known;
    },
    undo: () => {
      if (early.size > 0) return setEarly(new Map());
      for (const hand of together.current.pop() ?? []) hand.undo();
    },
  };
}

// With null, the label that stands or else the predicted one.
function changesOf(card: Card, label: string | null): Change[] {
  const wanted = label ?? card.truth ?? card.about?.label;
  const change = wanted === undefined ? null : labelled(card.subject, card, wanted);
  return change === null ? [] : [change];
}

function done({ subject }: Card): Change {
  return completed(placeOf(subject));
}
