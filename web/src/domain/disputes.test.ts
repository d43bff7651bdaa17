import { expect, test } from "vitest";
import type { Annotation } from "../api/types";
import { differences, settled, type Words, wordsOf } from "./disputes";
import type { Box } from "./geometry";
import type { Subject } from "./subject";

const subject: Subject = {
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
};

let second = 0;

function said(
  annotator: string,
  action: Annotation["action"],
  target: string | null,
  label: string | null = null,
  box: Box | null = null,
): Annotation {
  second += 1;
  const recorded_at = `2026-01-01T00:00:${String(second).padStart(2, "0")}Z`;
  return { annotation_id: `x${second}`, action, target, label, box, annotator, recorded_at };
}

function between(...annotations: Annotation[]) {
  const words = wordsOf(subject, annotations);
  return differences(words.get("rita") as Words, words.get("otto") as Words);
}

test("people differ on a label, on a place, and on whether there is anything", () => {
  const found = between(
    said("rita", "confirm", "p1", "a", [0, 0, 10, 10]),
    said("rita", "confirm", "p2", "b", [50, 50, 60, 60]),
    said("otto", "correct", "p1", "b", [0, 0, 10, 10]),
    said("otto", "reject", "p2"),
  );
  expect(found.map(({ left, right }) => [left.label, right.label, right.verdict])).toEqual([
    ["a", "b", "corrected"],
    ["b", "b", "rejected"],
  ]);
  const apart = between(
    said("rita", "confirm", "p1", "a", [0, 0, 10, 10]),
    said("otto", "correct", "p1", "a", [8, 0, 18, 10]),
  );
  expect(apart).toHaveLength(1);
});

test("a little beside it, or said by one alone, is no difference", () => {
  const found = between(
    said("rita", "confirm", "p1", "a", [0, 0, 10, 10]),
    said("otto", "correct", "p1", "a", [1, 0, 11, 10]),
    said("otto", "reject", "p2"),
    said("rita", "add", null, "a", [80, 80, 90, 90]),
  );
  expect(found).toEqual([]);
});

test("the latest word of each counts, and one taken back is none", () => {
  const first = said("rita", "correct", "p1", "b", [0, 0, 10, 10]);
  const words = wordsOf(subject, [
    first,
    said("otto", "reject", first.annotation_id),
    said("otto", "reopen", "p1"),
    said("otto", "reject", "p2"),
  ]);
  expect([...(words.get("otto") as Words).keys()]).toEqual(["p2"]);
});

test("two boxes that each drew on one thing are one difference, of which one goes", () => {
  const [found] = between(
    said("rita", "add", null, "a", [80, 80, 90, 90]),
    said("otto", "add", null, "b", [81, 80, 91, 90]),
  );
  if (found === undefined) throw new Error("no difference");
  const verdicts = (side: "left" | "right" | "neither") =>
    [...settled(found, side).values()].map(({ verdict }) => verdict);
  expect(verdicts("left")).toEqual(["added", "rejected"]);
  expect(verdicts("right")).toEqual(["rejected", "added"]);
  expect(verdicts("neither")).toEqual(["rejected", "rejected"]);
});
