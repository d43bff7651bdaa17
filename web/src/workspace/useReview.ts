// The review of one subject: its findings, what can be done to them, and taking that back.

import { useSuspenseQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { sessionQuery } from "../api/queries";
import type { Annotation, Role } from "../api/types";
import {
  added,
  asAnnotation,
  type Change,
  completed,
  corrected,
  rejected,
} from "../domain/changes";
import type { Box } from "../domain/geometry";
import {
  type Finding,
  inOrder,
  type Review,
  reviewOf,
  type Standing,
  standings,
} from "../domain/review";
import { placeOf, type Subject } from "../domain/subject";
import type { Thresholds } from "../domain/suppression";
import { brought, type Step, turnOf } from "../domain/undo";
import { useDesk } from "../shell/desk";
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
  // Says what shall stand of these roots, whatever stands now.
  settle(wanted: ReadonlyMap<string, Standing | null>): void;
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

  const standing = () => {
    const own = outbox.get().changes.filter((one) => one.place === place);
    return standings(subject, laid(subject, own));
  };
  // Makes the changes, which are one step.
  const act = (...made: readonly Change[]): string => {
    const before = standing();
    const turns = made
      .filter(({ root }) => root !== null)
      .map((one) => turnOf(one, before.get(one.root as string) ?? null));
    const completes = made.some(({ body }) => body.action === "complete");
    if (made.length > 0) deeds.record(place, { turns, completes, at: Date.now() });
    for (const one of made) outbox.add(one);
    return made.at(-1)?.root ?? "";
  };
  const towards = (wanted: ReadonlyMap<string, Standing | null>): Change[] => {
    const now = standing();
    return [...wanted]
      .map(([root, goal]) => {
        const prediction = subject.predictions.find((one) => one.prediction_id === root);
        return brought(place, root, now.get(root) ?? null, goal, prediction);
      })
      .filter((one) => one !== null);
  };
  const turn = (step: Step | null, to: "before" | "after") => {
    if (step === null) return;
    for (const { root } of step.turns) outbox.withdraw(place, root);
    const wanted = new Map(step.turns.map((one) => [one.root, one[to]]));
    for (const one of towards(wanted)) outbox.add(one);
    if (!step.completes) return;
    if (to === "before") outbox.withdraw(place, null);
    else if (!review.done) outbox.add(completed(place));
  };
  return {
    ...review,
    role,
    mayEdit: role === "reviewer" || role === "admin",
    annotations,
    unsaved,
    phase,
    mayUndo: past !== undefined && past.done.length > 0,
    mayRedo: past !== undefined && past.undone.length > 0,
    confirm: (...findings) => void act(...towards(asThey(findings))),
    correct: (finding, label, box) => act(corrected(place, finding, label, box)),
    reject: (finding) => void act(rejected(place, finding)),
    add: (label, box) => act(added(place, label, box)),
    settle: (wanted) => void act(...towards(wanted)),
    complete: (confirming = []) => void act(...towards(asThey(confirming)), completed(place)),
    undo: () => turn(deeds.back(place), "before"),
    redo: () => turn(deeds.on(place), "after"),
    retry: () => outbox.retry(place),
    discard: () => outbox.discard(place),
  };
}

// What stands when these are right as they are.
function asThey(findings: readonly Finding[]): Map<string, Standing> {
  return new Map(findings.map((one) => [one.key, { ...one, verdict: "confirmed" }]));
}

// What the server knows, with the unsaved changes over it.
function laid(subject: Subject, unsaved: readonly Change[]): Annotation[] {
  const pending = unsaved.map(asAnnotation);
  const ids = new Set(pending.map(({ annotation_id }) => annotation_id));
  const kept = (subject.annotations ?? []).filter((one) => !ids.has(one.annotation_id));
  return [...inOrder(kept), ...pending];
}
