// The review of one inference: its findings, and what can be done to them.

import { useSuspenseQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { sessionQuery } from "../api/queries";
import type { Inference, Role } from "../api/types";
import {
  added,
  asAnnotation,
  type Change,
  completed,
  confirmed,
  corrected,
  rejected,
} from "../domain/changes";
import type { Box } from "../domain/geometry";
import { type Finding, inOrder, type Review, reviewOf } from "../domain/review";
import type { Thresholds } from "../domain/suppression";
import { useDesk } from "../shell/desk";
import type { OutboxState } from "../state/outbox";
import { useStore } from "../state/store";

export interface ReviewDesk extends Review {
  readonly role: Role;
  readonly mayEdit: boolean;
  // The changes of this inference that are not known to be kept.
  readonly unsaved: readonly Change[];
  readonly phase: OutboxState["phase"];
  confirm(...findings: readonly Finding[]): void;
  // Returns the key under which the finding goes on.
  correct(finding: Finding, label: string, box: Box | null): string;
  reject(finding: Finding): void;
  add(label: string, box: Box | null): string;
  complete(): void;
  retry(): void;
  discard(): void;
}

export function useReview(inference: Inference, at: Thresholds): ReviewDesk {
  const { outbox } = useDesk();
  const { role } = useSuspenseQuery(sessionQuery).data;
  const { changes, phase } = useStore(outbox);
  const id = inference.inference_id;
  const unsaved = useMemo(
    () => changes.filter(({ inferenceId }) => inferenceId === id),
    [changes, id],
  );
  const review = useMemo(() => {
    const pending = unsaved.map(asAnnotation);
    const ids = new Set(pending.map(({ annotation_id }) => annotation_id));
    const kept = (inference.annotations ?? []).filter((one) => !ids.has(one.annotation_id));
    return reviewOf(inference, [...inOrder(kept), ...pending], at);
  }, [inference, unsaved, at]);
  const put = (change: Change): string => {
    outbox.add(change);
    return change.root ?? "";
  };
  return {
    ...review,
    role,
    mayEdit: role === "reviewer" || role === "admin",
    unsaved,
    phase,
    confirm: (...findings) => {
      for (const finding of findings) put(confirmed(id, finding));
    },
    correct: (finding, label, box) => put(corrected(id, finding, label, box)),
    reject: (finding) => void put(rejected(id, finding)),
    add: (label, box) => put(added(id, label, box)),
    complete: () => void put(completed(id)),
    retry: () => outbox.retry(id),
    discard: () => outbox.discard(id),
  };
}
