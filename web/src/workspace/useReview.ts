// The review of a subject: its findings, what can be done to them, and taking that back.

import { useSuspenseQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { sessionQuery } from "../api/queries";
import type { Annotation, Role } from "../api/types";
import { added, type Change, completed, corrected, rejected } from "../domain/changes";
import type { Box } from "../domain/geometry";
import { labelled, labellingOf } from "../domain/labels";
import {
  answeredAt,
  type Finding,
  type Review,
  reviewOf,
  type Standing,
  standings,
} from "../domain/review";
import { type Place, placeOf, type Subject } from "../domain/subject";
import type { Thresholds } from "../domain/suppression";
import { NO_PAST, type Past, sameStanding } from "../domain/undo";
import { useDesk } from "../shell/desk";
import type { Deeds } from "../state/deeds";
import { Hand, laid } from "../state/hand";
import type { Outbox, OutboxState } from "../state/outbox";
import { useStore } from "../state/store";

export interface ReviewDesk extends Review {
  readonly role: Role;
  readonly mayEdit: boolean;
  // All that was said, unsaved changes included.
  readonly annotations: readonly Annotation[];
  // The changes of this subject that are not known to be kept.
  readonly unsaved: readonly Change[];
  readonly phase: OutboxState["phase"];
  // What was done here, and can be taken back.
  readonly past: Past;
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
  const basis = useBasis();
  const { changes } = basis.sent;
  const place = placeOf(subject);
  const unsaved = useMemo(() => changes.filter((one) => one.place === place), [changes, place]);
  const annotations = useMemo(() => laid(subject, unsaved), [subject, unsaved]);
  const review = useMemo(() => reviewOf(subject, annotations, at), [subject, annotations, at]);
  return deskOf(basis, subject, { review, annotations, unsaved });
}

// The reviews of several subjects side by side, each at the thresholds at which it was answered;
// null for one that is not there yet.
export function useReviews(subjects: readonly (Subject | null)[]): (ReviewDesk | null)[] {
  const basis = useBasis();
  return subjects.map((subject) => {
    if (subject === null) return null;
    const place = placeOf(subject);
    const unsaved = basis.sent.changes.filter((one) => one.place === place);
    const annotations = laid(subject, unsaved);
    const review = reviewOf(subject, annotations, answeredAt(subject));
    return deskOf(basis, subject, { review, annotations, unsaved });
  });
}

interface Basis {
  readonly role: Role;
  readonly outbox: Outbox;
  readonly deeds: Deeds;
  readonly sent: OutboxState;
  readonly pasts: ReadonlyMap<Place, Past>;
}

function useBasis(): Basis {
  const { outbox, deeds } = useDesk();
  const { role } = useSuspenseQuery(sessionQuery).data;
  return { role, outbox, deeds, sent: useStore(outbox), pasts: useStore(deeds) };
}

interface Said {
  readonly review: Review;
  readonly annotations: readonly Annotation[];
  readonly unsaved: readonly Change[];
}

function deskOf(basis: Basis, subject: Subject, said: Said): ReviewDesk {
  const { role, outbox, deeds, sent, pasts } = basis;
  const { review, annotations, unsaved } = said;
  const place = placeOf(subject);
  const past = pasts.get(place) ?? NO_PAST;
  const hand = new Hand(subject, outbox, deeds);
  return {
    ...review,
    role,
    mayEdit: role === "reviewer" || role === "admin",
    annotations,
    unsaved,
    phase: sent.phase,
    past,
    mayUndo: past.done.length > 0,
    mayRedo: past.undone.length > 0,
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
