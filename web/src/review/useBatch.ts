// A batch of images of a classification: what is said of each, and what is said of many at once.

import { useQueries } from "@tanstack/react-query";
import { useRef } from "react";
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
  label(cards: readonly Card[], label: string): void;
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
  const act = (card: Card, made: readonly Change[]): Hand => {
    const hand = new Hand(card.subject, outbox, deeds);
    hand.act(...made);
    return hand;
  };
  return {
    cards,
    label: (some, label) => {
      const changed = some.map((card) => [card, changesOf(card, label)] as const);
      const hands = changed.filter(([, made]) => made.length > 0).map((one) => act(...one));
      if (hands.length > 0) together.current.push(hands);
    },
    complete: (some) => {
      const known = some.filter(({ about }) => about !== null);
      for (const card of known) act(card, [...changesOf(card, null), done(card)]);
      // What is out of sight is not taken back unseen.
      together.current = [];
      return known;
    },
    undo: () => {
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
