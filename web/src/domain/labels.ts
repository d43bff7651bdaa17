// The label of a whole picture, as a classification has it: what is predicted, what is true, and
// what says so.

import type { Annotation } from "../api/types";
import { added, type Change } from "./changes";
import { answeredAt, type Finding, isTruth, reviewOf } from "./review";
import { placeOf, type Subject } from "./subject";
import { brought } from "./undo";

export interface Labelling {
  // The finding that a word on the label is about; null where nothing was predicted or said.
  readonly about: Finding | null;
  readonly truth: string | null;
  readonly done: boolean;
}

export function labellingOf(subject: Subject, annotations: readonly Annotation[]): Labelling {
  const { findings, done } = reviewOf(subject, annotations, answeredAt(subject));
  const true_ = findings.find(isTruth);
  const about = true_ ?? findings.find(({ source }) => source !== "candidate") ?? null;
  return { about, truth: true_?.label ?? null, done };
}

// The change by which the label is the true one; null when it is already.
export function labelled(subject: Subject, of: Labelling, label: string): Change | null {
  const place = placeOf(subject);
  const { about } = of;
  if (about === null) return added(place, label, null);
  const now = about.verdict === "open" ? null : about;
  const prediction = subject.predictions.find((one) => one.prediction_id === about.key);
  return brought(place, about.key, now, { verdict: "confirmed", label, box: null }, prediction);
}
