// The review of one subject: its findings, what can be done to them, and taking that back.

import { useSuspenseQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { sessionQuery } from "../api/queries";
import type { Annotation, Role } from "../api/types";
import { added, type Change, completed, corrected, rejected } from "../domain/changes";
import type { Box } from "../domain/geometry";
import { labelled, labellingOf } from "../domain/labels";
import { type Finding, type Review, reviewOf, type Standing, standings } from "../domain/review";
import { placeOf, type Subject } from "../domain/subject";
import type { Thresholds } from "../domain/suppression";
import { sameStanding } from "../domain/undo";
import { useDesk } from "../shell/desk";
import { Hand, laid } from "../state/hand";
import type { OutboxState } from "../state/outbox";
import { useStore } from "../state/store";

export interface ReviewDesk extends Review {
  readonly role: Role;
  readonly mayEdit: boolean;
  // All that was said, unsaved changes included.
  readonly annotations: readonly Annotation[];
  // The changes of this subject that are not known to be kept.
  readonly unsaved: readonly Change[];
  readonly phase: OutboxState["phase"];
  readonly mayUndo: boolean;
  readonly mayRedo: boolean;
  confirm(...findings: readonly Finding[]): void;
  // Returns the key under which the finding goes on.
  correct(finding: Finding, label: string, box: Box | null): string;
  reject(finding: Finding): void;
  add(label: string, box: Box | null): string;
  // Says the one true label of the whole picture.
  label(label: string): void;
  // Says what shall stand of these roots, also where it stands by the word of somebody else.
  settle(wanted: ReadonlyMap<string, Standing>): void;
  stands(wanted: ReadonlyMap<string, Standing>): boolean;
  // Says that the image is done, confirming these first.
  complete(confirming?: readonly Finding[]): void;
  undo(): void;
  redo(): void;
  retry(): void;
  discard(): void;
}

export function useReview(subject: Subject, at: Thresholds): ReviewDesk {
  const { outbox, deeds } = useDesk();
  const { role } = useSuspenseQuery(sessionQuery).data;
  const { changes, phase } = useStore(outbox);
  const place = placeOf(subject);
  const past = useStore(deeds).get(place);
  const unsaved = useMemo(() => changes.filter((one) => one.place === place), [changes, place]);
  const annotations = useMemo(() => laid(subject, unsaved), [subject, unsaved]);
  const review = useMemo(() => reviewOf(subject, annotations, at), [subject, annotations, at]);

  const hand = new Hand(subject, outbox, deeds);
  return {
    ...review,
    role,
    mayEdit: role === "reviewer" || role === "admin",
    annotations,
    unsaved,
    phase,
    mayUndo: past !== undefined && past.done.length > 0,
    mayRedo: past !== undefined && past.undone.length > 0,
    confirm: (...findings) => void hand.act(...hand.towards(asThey(findings))),
    correct: (finding, label, box) => hand.act(corrected(place, finding, label, box)),
    reject: (finding) => void hand.act(rejected(place, finding)),
    add: (label, box) => hand.act(added(place, label, box)),
    label: (label) => {
      const change = labelled(subject, labellingOf(subject, annotations), label);
      if (change !== null) hand.act(change);
    },
    settle: (wanted) => void hand.act(...hand.towards(wanted, true)),
    stands: (wanted) => {
      const now = standings(subject, annotations);
      return [...wanted].every(([root, goal]) => sameStanding(now.get(root) ?? null, goal));
    },
    complete: (confirming = []) =>
      void hand.act(...hand.towards(asThey(confirming)), completed(place)),
    undo: () => hand.undo(),
    redo: () => hand.redo(),
    retry: () => outbox.retry(place),
    discard: () => outbox.discard(place),
  };
}

// What stands when these are right as they are.
function asThey(findings: readonly Finding[]): Map<string, Standing> {
  return new Map(findings.map((one) => [one.key, { ...one, verdict: "confirmed" }]));
}
