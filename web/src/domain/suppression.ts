// Which candidates are shown at given thresholds: the same rule as the server's.

import type { Candidate } from "../api/types";
import { iou } from "./geometry";

export interface Thresholds {
  // The lowest score shown, from 0.05 to 1.
  readonly confidence: number;
  // The largest intersection over union of two shown boxes of one label.
  readonly overlap: number;
}

// Class-wise non-maximum suppression, best score first; equal scores keep their order.
export function suppressed<C extends Candidate>(candidates: readonly C[], at: Thresholds): C[] {
  const kept: C[] = [];
  for (const candidate of byScore(candidates)) {
    if (candidate.score < at.confidence) break;
    if (!kept.some((other) => overlaps(candidate, other, at.overlap))) kept.push(candidate);
  }
  return kept;
}

// The labels of a picture at or above the threshold, and at least the best one.
export function answered<C extends Candidate>(candidates: readonly C[], confidence: number): C[] {
  return byScore(candidates).filter(({ score }, index) => index === 0 || score >= confidence);
}

function byScore<C extends Candidate>(candidates: readonly C[]): C[] {
  return [...candidates].sort((a, b) => b.score - a.score);
}

function overlaps(a: Candidate, b: Candidate, limit: number): boolean {
  return a.label === b.label && a.box !== null && b.box !== null && iou(a.box, b.box) > limit;
}

export function sameThresholds(a: Thresholds, b: Thresholds): boolean {
  return a.confidence === b.confidence && a.overlap === b.overlap;
}
