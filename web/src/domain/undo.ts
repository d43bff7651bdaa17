// Taking back what was done, step by step, and doing it again: also after it was sent, by
// annotations that bring back what stood before.

import type { Prediction } from "../api/types";
import { added, type Change, confirmed, corrected, rejected, reopened } from "./changes";
import { sameBox } from "./geometry";
import { type Finding, isTruth, type Standing } from "./review";
import type { Place } from "./subject";

// What became of one root; null where it was not there, or nobody had spoken of the prediction.
export interface Turn {
  readonly root: string;
  readonly before: Standing | null;
  readonly after: Standing | null;
}

// What was done at once, and so is taken back at once.
export interface Step {
  readonly turns: readonly Turn[];
  // Whether it also said that the image is done.
  readonly completes: boolean;
  // Milliseconds since 1970.
  readonly at: number;
}

export interface Past {
  readonly done: readonly Step[];
  readonly undone: readonly Step[];
}

export const NO_PAST: Past = { done: [], undone: [] };

// Nudges of one box that follow each other so closely are one step.
const ONE_NUDGE_MS = 700;
const LONGEST = 200;

export function turnOf(change: Change, before: Standing | null): Turn {
  const { action } = change.body;
  const said = { label: change.label ?? "", box: change.box };
  const root = change.root ?? "";
  if (action === "reopen") return { root, before, after: null };
  if (action === "reject") return { root, before, after: { ...said, verdict: "rejected" } };
  if (action === "confirm") return { root, before, after: { ...said, verdict: "confirmed" } };
  return { root, before, after: { ...said, verdict: action === "add" ? "added" : "corrected" } };
}

// The past with one more step; what was undone before it cannot be done again.
export function withStep(past: Past, step: Step): Past {
  const last = past.done.at(-1);
  const merged = last === undefined ? null : nudged(last, step);
  const before = merged === null ? past.done : past.done.slice(0, -1);
  return { done: [...before, merged ?? step].slice(-LONGEST), undone: [] };
}

export function stepBack(past: Past): readonly [Step | null, Past] {
  const step = past.done.at(-1);
  if (step === undefined) return [null, past];
  return [step, { done: past.done.slice(0, -1), undone: [...past.undone, step] }];
}

export function stepOn(past: Past): readonly [Step | null, Past] {
  const step = past.undone.at(-1);
  if (step === undefined) return [null, past];
  return [step, { done: [...past.done, step], undone: past.undone.slice(0, -1) }];
}

// The annotation that makes `wanted` of what stands now; null when it stands already, unless it is
// to be said all the same.
export function brought(
  place: Place,
  root: string,
  now: Standing | null,
  wanted: Standing | null,
  prediction: Prediction | undefined,
  anyway = false,
): Change | null {
  if (!anyway && sameStanding(now, wanted)) return null;
  const finding = findingOf(root, wanted ?? now, prediction);
  if (wanted === null) {
    if (prediction !== undefined) return reopened(place, root);
    return now?.verdict === "rejected" ? null : rejected(place, finding);
  }
  if (wanted.verdict === "rejected") return rejected(place, finding);
  if (now === null && prediction === undefined) {
    return added(place, wanted.label, wanted.box, root);
  }
  const isAsPredicted =
    prediction?.label === wanted.label && sameBox(prediction?.box ?? null, wanted.box);
  if (isAsPredicted) return confirmed(place, finding);
  return corrected(place, finding, wanted.label, wanted.box);
}

export function sameStanding(a: Standing | null, b: Standing | null): boolean {
  if (a === null || b === null) return a === b;
  if (a.verdict === "rejected" || b.verdict === "rejected") return a.verdict === b.verdict;
  return isTruth(a) === isTruth(b) && a.label === b.label && sameBox(a.box, b.box);
}

function findingOf(
  key: string,
  said: Standing | null,
  prediction: Prediction | undefined,
): Finding {
  return {
    key,
    source: prediction === undefined ? "person" : "prediction",
    label: said?.label ?? "",
    score: prediction?.score ?? null,
    box: said?.box ?? null,
    verdict: said?.verdict ?? "open",
  };
}

function nudged(last: Step, next: Step): Step | null {
  const [a, b] = [last.turns[0], next.turns[0]];
  if (last.turns.length !== 1 || next.turns.length !== 1 || next.completes) return null;
  if (a === undefined || b === undefined || a.root !== b.root) return null;
  const isNudge = a.after !== null && b.after !== null && a.after.label === b.after.label;
  if (!isNudge || sameBox(a.after?.box ?? null, b.after?.box ?? null)) return null;
  if (next.at - last.at > ONE_NUDGE_MS) return null;
  return { ...next, turns: [{ ...b, before: a.before }] };
}
