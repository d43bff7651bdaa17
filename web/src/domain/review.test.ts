import { describe, expect, test } from "vitest";
import type { Action, Annotation, Inference } from "../api/types";
import { added, asAnnotation, confirmed, corrected, joined, rejected } from "./changes";
import type { Box } from "./geometry";
import { type Finding, inOrder, isTruth, reviewOf, standing } from "./review";

const AT = { confidence: 0.5, overlap: 0.45 };

const inference: Inference = {
  inference_id: "i",
  object_id: "o",
  app: "cells",
  model_version: "cells-1",
  width: 100,
  height: 100,
  duration_ms: 5,
  threshold: 0.5,
  nms_threshold: 0.45,
  predictions: [
    { prediction_id: "p1", label: "a", score: 0.9, box: [0, 0, 10, 10] },
    { prediction_id: "p2", label: "b", score: 0.6, box: [50, 50, 60, 60] },
  ],
  candidates: [
    { label: "a", score: 0.9, box: [0, 0, 10, 10] },
    { label: "a", score: 0.7, box: [1, 0, 11, 10] },
    { label: "b", score: 0.6, box: [50, 50, 60, 60] },
    { label: "b", score: 0.2, box: [80, 80, 90, 90] },
  ],
};

let second = 0;

function said(
  id: string,
  action: Action,
  target: string | null,
  label: string | null = null,
  box: Box | null = null,
): Annotation {
  second += 1;
  const recorded_at = `2026-01-01T00:00:${String(second).padStart(2, "0")}.000000Z`;
  return { annotation_id: id, action, target, label, box, annotator: "rita", recorded_at };
}

const keys = (findings: readonly Finding[]) => findings.map(({ key }) => key);
const find = (findings: readonly Finding[], key: string) =>
  findings.find((one) => one.key === key) as Finding;

describe("what is shown", () => {
  test("is what was answered, under its own ids, at the thresholds asked for", () => {
    const review = reviewOf(inference, [], AT);
    expect(keys(review.findings)).toEqual(["p1", "p2"]);
    expect(review.hidden).toBe(2);
    expect(review.done).toBe(false);
    expect(review.findings.some(isTruth)).toBe(false);
  });

  test("follows the thresholds, with candidates that were not answered", () => {
    const lower = reviewOf(inference, [], { confidence: 0.1, overlap: 0.45 });
    expect(keys(lower.findings)).toEqual(["p1", "p2", "candidate:3"]);
    expect(keys(reviewOf(inference, [], { confidence: 0.8, overlap: 0.45 }).findings)).toEqual([
      "p1",
    ]);
    expect(reviewOf(inference, [], { confidence: 0.5, overlap: 1 }).findings).toHaveLength(3);
  });

  test("is never taken away from what people spoke about", () => {
    const spoken = [said("x1", "confirm", "p2", "b", [50, 50, 60, 60])];
    const review = reviewOf(inference, spoken, { confidence: 1, overlap: 0 });
    expect(keys(review.findings)).toEqual(["p2"]);
    expect(review.findings.filter(isTruth)).toHaveLength(1);
  });

  test("leaves out a mere candidate where a person drew a box", () => {
    const drawn = [said("d1", "add", null, "a", [79, 79, 91, 91])];
    const low = { confidence: 0.1, overlap: 0.45 };
    expect(keys(reviewOf(inference, drawn, low).findings)).toEqual(["d1", "p1", "p2"]);
  });
});

describe("what stands", () => {
  test("is the latest word on each root, through a chain of targets", () => {
    const chain = [
      said("x1", "correct", "p1", "b", [0, 0, 12, 12]),
      said("x2", "correct", "x1", "b", [0, 0, 14, 14]),
      said("x3", "confirm", "x2", "b", [0, 0, 14, 14]),
      said("y1", "reject", "p2", "b", [50, 50, 60, 60]),
    ];
    expect([...standing(chain).keys()]).toEqual(["p1", "p2"]);
    const { findings } = reviewOf(inference, chain, AT);
    expect(find(findings, "p1")).toMatchObject({ label: "b", box: [0, 0, 14, 14] });
    expect(find(findings, "p2").verdict).toBe("rejected");
    expect(keys(findings.filter(isTruth))).toEqual(["p1"]);
  });

  test("is decided by time, then by id, whatever the order of the list", () => {
    const early = said("z", "reject", "p1", "a", [0, 0, 10, 10]);
    const late = { ...early, annotation_id: "b", action: "confirm" as const };
    const later = { ...late, recorded_at: `${late.recorded_at}9` };
    expect(inOrder([later, early]).map(({ annotation_id }) => annotation_id)).toEqual(["z", "b"]);
    expect(inOrder([early, late]).map(({ annotation_id }) => annotation_id)).toEqual(["b", "z"]);
  });

  test("keeps an added box added when it is corrected, until it is rejected", () => {
    const drawn = said("d1", "add", null, "a", [1, 1, 5, 5]);
    const moved = said("d2", "correct", "d1", "a", [2, 2, 6, 6]);
    const { findings } = reviewOf(inference, [drawn, moved], AT);
    expect(find(findings, "d1")).toMatchObject({ verdict: "added", box: [2, 2, 6, 6] });
    const gone = [drawn, moved, said("d3", "reject", "d2", "a", [2, 2, 6, 6])];
    expect(find(reviewOf(inference, gone, AT).findings, "d1").verdict).toBe("rejected");
  });

  test("is done once someone said so, later changes or not", () => {
    const done = [said("c1", "complete", null), said("x9", "reject", "p1")];
    expect(reviewOf(inference, done, AT).done).toBe(true);
  });
});

describe("a change", () => {
  const first = () => find(reviewOf(inference, [], AT).findings, "p1");

  test("says what the server needs and no more", () => {
    const { body } = confirmed("i", first());
    expect(body).toEqual({
      annotation_id: body.annotation_id,
      action: "confirm",
      prediction_id: "p1",
    });
    const fixed = corrected("i", first(), "b", [1, 1, 9, 9]);
    expect(fixed.body).toMatchObject({ prediction_id: "p1", label: "b", box: [1, 1, 9, 9] });
  });

  test("is seen at once, before it is kept", () => {
    const change = corrected("i", first(), "b", [1, 1, 9, 9]);
    const { findings } = reviewOf(inference, [asAnnotation(change)], AT);
    expect(find(findings, "p1")).toMatchObject({ label: "b", verdict: "corrected" });
  });

  test("takes the place of an unsent one about the same box", () => {
    const nudges = [11, 12, 13].map((x) => corrected("i", first(), "a", [1, 1, x, 9]));
    const waiting = nudges.reduce<ReturnType<typeof joined>>(joined, []);
    expect(waiting.map(({ box }) => box?.[2])).toEqual([13]);
  });

  test("leaves one alone that may be on the server already", () => {
    const sent = { ...corrected("i", first(), "a", [1, 1, 11, 9]), sent: true };
    expect(joined([sent], rejected("i", first()))).toHaveLength(2);
  });

  test("of an unsent added box is the added box, under the same id", () => {
    const drawn = added("i", "a", [1, 1, 5, 5]);
    const { findings } = reviewOf(inference, [asAnnotation(drawn)], AT);
    const box = find(findings, drawn.body.annotation_id);
    const [only] = joined([drawn], corrected("i", box, "b", [2, 2, 6, 6]));
    expect(only?.body).toEqual({ ...drawn.body, label: "b", box: [2, 2, 6, 6] });
    expect(joined([drawn], rejected("i", box))).toEqual([]);
  });
});
