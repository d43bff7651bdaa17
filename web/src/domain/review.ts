// The state of a review: what the model said, with what people said about it on top.

import type { Annotation, Candidate, Prediction } from "../api/types";
import { type Box, iou, sameBox } from "./geometry";
import type { Subject } from "./subject";
import { answered, suppressed, type Thresholds } from "./suppression";

// Where a finding stands: nobody spoke yet, or what the latest annotation made of it.
export type Verdict = "open" | "confirmed" | "corrected" | "added" | "rejected";

export interface Finding {
  // The id of the prediction or of the `add` at its root, or `candidate:N`.
  readonly key: string;
  // A candidate was kept by the server but not answered: it can be added, not rejected.
  readonly source: "prediction" | "candidate" | "person";
  readonly label: string;
  readonly score: number | null;
  readonly box: Box | null;
  readonly verdict: Verdict;
}

// What is said of one prediction or added box at one moment.
export type Standing = Pick<Finding, "verdict" | "label" | "box">;

export interface Review {
  readonly findings: readonly Finding[];
  // Candidates at or above the floor that the thresholds hide.
  readonly hidden: number;
  readonly done: boolean;
}

// A person's box that covers a mere candidate this well has already said what it says.
const COVERED = 0.5;

const VERDICTS = {
  confirm: "confirmed",
  correct: "corrected",
  add: "added",
  reject: "rejected",
} as const;

// The thresholds at which the server answered.
export function answeredAt(subject: Subject): Thresholds {
  return { confidence: subject.threshold, overlap: subject.nms_threshold };
}

// The root of an annotation: the prediction or the `add` at the bottom of its chain of targets.
export function rootsOf(annotations: readonly Annotation[]): Map<string, string> {
  const byId = new Map(annotations.map((one) => [one.annotation_id, one]));
  const roots = new Map<string, string>();
  for (const annotation of annotations) {
    let at = annotation;
    for (let steps = 0; at.target !== null && steps <= byId.size; steps++) {
      const below = byId.get(at.target);
      if (below === undefined) break;
      at = below;
    }
    roots.set(annotation.annotation_id, at.target ?? at.annotation_id);
  }
  return roots;
}

// The latest annotation of each root; those given later in the list win over those before. What
// says no label or box has those that stood before it; of what was reopened nothing stands.
export function standing(annotations: readonly Annotation[]): Map<string, Annotation> {
  const roots = rootsOf(annotations);
  const latest = new Map<string, Annotation>();
  for (const annotation of annotations) {
    const root = roots.get(annotation.annotation_id) as string;
    const before = latest.get(root);
    if (annotation.action === "reopen") latest.delete(root);
    else if (annotation.action !== "complete") {
      const label = annotation.label ?? before?.label ?? null;
      latest.set(root, { ...annotation, label, box: annotation.box ?? before?.box ?? null });
    }
  }
  return latest;
}

// In the order in which the server lets them count: time first, then id.
export function inOrder(annotations: readonly Annotation[]): Annotation[] {
  return [...annotations].sort(
    (a, b) => compare(a.recorded_at, b.recorded_at) || compare(a.annotation_id, b.annotation_id),
  );
}

// What is on the picture at these thresholds. What people spoke about is never hidden by them.
export function reviewOf(
  subject: Subject,
  annotations: readonly Annotation[],
  at: Thresholds,
): Review {
  const latest = standing(annotations);
  const predictions = new Map(subject.predictions.map((one) => [one.prediction_id, one]));
  const spoken = [...latest].map(([root, annotation]) =>
    spokenOf(root, annotation, predictions.get(root)),
  );
  const pool = poolOf(subject);
  const open = shownOf(pool, at)
    .filter(({ key }) => !latest.has(key))
    .filter((one) => one.source === "prediction" || !spoken.some((by) => covers(by, one)));
  const findings = [...spoken, ...open].sort(
    (a, b) => (b.score ?? 2) - (a.score ?? 2) || compare(a.key, b.key),
  );
  return {
    findings,
    hidden: Math.max(0, pool.length - shownOf(pool, at).length),
    done: annotations.some(({ action }) => action === "complete"),
  };
}

// What stands of each root that people spoke about.
export function standings(
  subject: Subject,
  annotations: readonly Annotation[],
): Map<string, Standing> {
  const predictions = new Map(subject.predictions.map((one) => [one.prediction_id, one]));
  const spoken = [...standing(annotations)].map(([root, latest]) =>
    spokenOf(root, latest, predictions.get(root)),
  );
  return new Map(spoken.map((finding) => [finding.key, finding]));
}

// What would count as truth if the review were done now.
export function isTruth(finding: Pick<Finding, "verdict">): boolean {
  return finding.verdict !== "open" && finding.verdict !== "rejected";
}

function spokenOf(root: string, latest: Annotation, prediction: Prediction | undefined): Finding {
  return {
    key: root,
    source: prediction === undefined ? "person" : "prediction",
    label: latest.label ?? prediction?.label ?? "",
    score: prediction?.score ?? null,
    box: latest.box ?? prediction?.box ?? null,
    verdict:
      prediction === undefined && latest.action !== "reject"
        ? "added"
        : VERDICTS[latest.action as keyof typeof VERDICTS],
  };
}

// All candidates as findings; one that was answered carries the id of its prediction.
function poolOf(subject: Subject): Finding[] {
  const left = [...subject.predictions];
  const pool: Finding[] = (subject.candidates ?? []).map((candidate, index) => {
    const found = left.findIndex((prediction) => isSame(prediction, candidate));
    const prediction = found < 0 ? undefined : left.splice(found, 1)[0];
    return openOf(candidate, prediction?.prediction_id ?? null, index);
  });
  return [...pool, ...left.map((one, index) => openOf(one, one.prediction_id, index))];
}

function openOf(candidate: Candidate, predictionId: string | null, index: number): Finding {
  return {
    key: predictionId ?? `candidate:${index}`,
    source: predictionId === null ? "candidate" : "prediction",
    label: candidate.label,
    score: candidate.score,
    box: candidate.box,
    verdict: "open",
  };
}

function shownOf(pool: readonly Finding[], at: Thresholds): Finding[] {
  const scored = pool as readonly (Finding & { score: number })[];
  const isDetection = pool.some(({ box }) => box !== null);
  return isDetection ? suppressed(scored, at) : answered(scored, at.confidence);
}

function isSame(a: Candidate, b: Candidate): boolean {
  return a.label === b.label && Math.abs(a.score - b.score) < 1e-4 && sameBox(a.box, b.box);
}

function covers(spoken: Finding, candidate: Finding): boolean {
  if (spoken.verdict === "rejected" || spoken.box === null || candidate.box === null) return false;
  return iou(spoken.box, candidate.box) >= COVERED;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
