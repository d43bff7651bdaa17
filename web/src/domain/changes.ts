// What a person does to a finding, as the annotation that says so.

import type { Annotation, AnnotationBody } from "../api/types";
import type { Box } from "./geometry";
import type { Finding } from "./review";
import type { Place } from "./subject";

// A change that is not known to be kept yet.
export interface Change {
  readonly place: Place;
  // The prediction or the `add` that it is about; null for `complete`.
  readonly root: string | null;
  readonly body: AnnotationBody;
  // What the label and the box are after it.
  readonly label: string | null;
  readonly box: Box | null;
  // The order of changes: milliseconds since 1970, strictly growing.
  readonly madeAt: number;
  // Once it was on its way the server may have it, so it is sent again as it is.
  readonly sent: boolean;
  // Why the server does not take it.
  readonly problem: string | null;
}

let lastMoment = 0;

function change(place: Place, root: string | null, body: AnnotationBody): Change {
  lastMoment = Math.max(Date.now(), lastMoment + 1);
  const { label = null, box = null } = body;
  return { place, root, body, label, box, madeAt: lastMoment, sent: false, problem: null };
}

// `confirm`: it is as it was said.
export function confirmed(place: Place, finding: Finding): Change {
  const body = { ...aboutOf(finding), action: "confirm" as const };
  return { ...change(place, finding.key, body), label: finding.label, box: finding.box };
}

// `correct` with the whole new label and box, so that it does not lean on earlier corrections;
// of a candidate that was not answered, `add` says the same.
export function corrected(place: Place, finding: Finding, label: string, box: Box | null): Change {
  if (finding.source === "candidate") return added(place, label, box);
  const body = { ...aboutOf(finding), action: "correct" as const, ...said(label, box) };
  return change(place, finding.key, body);
}

export function rejected(place: Place, finding: Finding): Change {
  const body = { ...aboutOf(finding), action: "reject" as const };
  return { ...change(place, finding.key, body), label: finding.label, box: finding.box };
}

// `reopen`: a prediction is as if nobody had spoken of it.
export function reopened(place: Place, predictionId: string): Change {
  const about = { annotation_id: crypto.randomUUID(), prediction_id: predictionId };
  return change(place, predictionId, { ...about, action: "reopen" });
}

export function added(
  place: Place,
  label: string,
  box: Box | null,
  id: string = crypto.randomUUID(),
): Change {
  return change(place, id, { annotation_id: id, action: "add", ...said(label, box) });
}

export function completed(place: Place): Change {
  return change(place, null, { annotation_id: crypto.randomUUID(), action: "complete" });
}

// The changes that remain to be sent once `next` is made. One that was never on its way and is
// about the same thing gives way, so that ten nudges of a box become one annotation.
export function joined(waiting: readonly Change[], next: Change): Change[] {
  const before = waiting.find(
    (one) => one.place === next.place && one.root === next.root && !one.sent,
  );
  if (before === undefined) return [...waiting, next];
  const others = waiting.filter((one) => one !== before);
  if (before.body.action !== "add") return [...others, next];
  if (next.body.action === "reject") return others;
  const body = { ...before.body, ...said(next.label ?? "", next.box) };
  return [...others, { ...next, body }];
}

// The change as an annotation, to be laid over those that the server knows.
export function asAnnotation(of: Change): Annotation {
  return {
    annotation_id: of.body.annotation_id,
    action: of.body.action,
    target: of.body.action === "add" ? null : of.root,
    label: of.label,
    box: of.box,
    annotator: "",
    recorded_at: "",
  };
}

function aboutOf(finding: Finding): { annotation_id: string } & Partial<AnnotationBody> {
  const about =
    finding.source === "prediction" ? { prediction_id: finding.key } : { target: finding.key };
  return { annotation_id: crypto.randomUUID(), ...about };
}

function said(label: string, box: Box | null): { label: string; box?: Box } {
  return box === null ? { label } : { label, box };
}
