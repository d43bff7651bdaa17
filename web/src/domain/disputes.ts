// Where people differ: the latest words of each person on each finding, and those that two of them
// do not share.

import type { Annotation } from "../api/types";
import { type Box, iou } from "./geometry";
import { nameOf } from "./people";
import { type Finding, inOrder, rootsOf, type Standing } from "./review";
import type { Subject } from "./subject";

export interface Difference {
  // The finding as the left person has it, and as the right one does; one root, or two where each
  // added a box of their own on the same thing.
  readonly left: Finding;
  readonly right: Finding;
}

// What each root is to a person who spoke about it.
export type Words = ReadonlyMap<string, Finding>;

// Boxes that overlap less are two answers; the server draws the line at the same place.
const SAME = 0.5;

const VERDICTS = { confirm: "confirmed", correct: "corrected", add: "added", reject: "rejected" };

// By person, in the order in which they first spoke.
export function wordsOf(subject: Subject, annotations: readonly Annotation[]): Map<string, Words> {
  const ordered = inOrder(annotations);
  const roots = rootsOf(ordered);
  const latest = new Map<string, Finding>(
    subject.predictions.map((one) => [
      one.prediction_id,
      { ...one, key: one.prediction_id, source: "prediction", verdict: "open" },
    ]),
  );
  const people = new Map<string, Map<string, Finding>>();
  for (const annotation of ordered) {
    if (annotation.action === "complete") continue;
    const root = roots.get(annotation.annotation_id) as string;
    const finding = spoken(root, annotation, latest.get(root));
    latest.set(root, finding);
    const person = nameOf(annotation.annotator);
    const own = people.get(person) ?? new Map<string, Finding>();
    if (annotation.action === "reopen") own.delete(root);
    else own.set(root, finding);
    people.set(person, own);
  }
  return new Map([...people].filter(([, own]) => own.size > 0));
}

// Those who spoke about findings of the subject, as the server knows it.
export function peopleOf(subject: Subject): string[] {
  return [...wordsOf(subject, subject.annotations ?? []).keys()];
}

export function differences(left: Words, right: Words): Difference[] {
  const found: Difference[] = [];
  for (const [root, one] of left) {
    const other = right.get(root) ?? twinOf(one, left, right);
    if (other !== undefined && differ(one, other)) found.push({ left: one, right: other });
  }
  return found;
}

// What shall stand of the roots of a difference when one side is right, or neither is.
export function settled(
  { left, right }: Difference,
  side: "left" | "right" | "neither",
): Map<string, Standing> {
  const gone = (one: Finding): Standing => ({ ...one, verdict: "rejected" });
  if (left.key === right.key) {
    return new Map([[left.key, side === "neither" ? gone(left) : side === "left" ? left : right]]);
  }
  return new Map([
    [left.key, side === "left" ? left : gone(left)],
    [right.key, side === "right" ? right : gone(right)],
  ]);
}

// A box of the other person's own on the same thing.
function twinOf(one: Finding, left: Words, right: Words): Finding | undefined {
  if (one.verdict !== "added" || one.box === null) return undefined;
  const box = one.box;
  return [...right.values()].find(
    (other) =>
      other.verdict === "added" &&
      other.box !== null &&
      !left.has(other.key) &&
      iou(box, other.box) >= SAME,
  );
}

function differ(a: Finding, b: Finding): boolean {
  if (a.key !== b.key) return true;
  if (a.verdict === "rejected" || b.verdict === "rejected") return a.verdict !== b.verdict;
  return a.label !== b.label || apart(a.box, b.box);
}

function apart(a: Box | null, b: Box | null): boolean {
  return a !== null && b !== null && iou(a, b) < SAME;
}

function spoken(root: string, said: Annotation, before: Finding | undefined): Finding {
  const isOwn = before === undefined || before.source === "person";
  const verdict = VERDICTS[said.action as keyof typeof VERDICTS] ?? "open";
  return {
    key: root,
    source: isOwn ? "person" : "prediction",
    label: said.label ?? before?.label ?? "",
    score: before?.score ?? null,
    box: said.box ?? before?.box ?? null,
    verdict: (isOwn && verdict !== "rejected" ? "added" : verdict) as Finding["verdict"],
  };
}
