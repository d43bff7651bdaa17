import { describe, expect, it } from "vitest";
import type { ImageCard, ImageChain } from "../api/images";
import { changeOf, chaptersOf, countsOf } from "./chain";

const at = (minute: number) => `2026-05-01T10:${String(minute).padStart(2, "0")}:00Z`;

const inference = (id: string, minute: number) => ({
  inference_id: id,
  object_id: "o",
  app: "cells",
  model_version: "v1",
  width: 640,
  height: 480,
  duration_ms: 1,
  threshold: 0.5,
  nms_threshold: 0.45,
  recorded_at: at(minute),
  predictions: [{ prediction_id: "p", label: "RBC", score: 0.9, box: null }],
});

const said = (
  id: string,
  who: string,
  minute: number,
  action: "confirm" | "correct" | "complete",
) => ({
  annotation_id: id,
  action,
  target: action === "complete" ? null : "p",
  label: action === "correct" ? "WBC" : null,
  box: null,
  annotator: who,
  recorded_at: at(minute),
  inference_id: "i",
});

const chain: ImageChain = {
  object: { recorded_at: at(0), source: "upload" } as Omit<ImageCard, "boxes">,
  inferences: [inference("i", 0)],
  annotations: [
    said("a", "rita", 5, "confirm"),
    said("b", "otto", 6, "confirm"),
    said("c", "rita", 7, "correct"),
    said("d", "rita", 8, "complete"),
    said("e", "rita", 50, "confirm"),
  ],
  reviews: [{ inference_id: "i", completed_at: at(8), annotators: ["rita"], is_truth: true }],
  truth: [],
  snapshots: [{ name: "s", as_of: at(20), part: "train" }],
  models: [
    { version: "v1", alias: null, predicted: true, trained_on: null },
    { version: "v2", alias: "champion", predicted: false, trained_on: "s" },
  ],
};

describe("what became of an image", () => {
  const chapters = chaptersOf(chain);

  it("is told in the order in which it happened, causes first", () => {
    expect(chapters.map(({ kind }) => kind)).toEqual([
      "arrived",
      "predicted",
      "said",
      "said",
      "reviewed",
      "frozen",
      "learned",
      "said",
    ]);
  });

  it("puts together what one person said in one go", () => {
    const who = chapters.flatMap((each) =>
      each.kind === "said" ? [[each.who, each.annotations.length]] : [],
    );
    expect(who).toEqual([
      ["rita", 2],
      ["otto", 1],
      ["rita", 1],
    ]);
  });

  it("counts and names the changes", () => {
    expect(countsOf(chain.annotations)).toEqual([
      ["confirm", 3],
      ["correct", 1],
      ["complete", 1],
    ]);
    const corrected = chain.annotations[2];
    expect(corrected && changeOf(corrected, chain)).toEqual({ from: "RBC", to: "WBC" });
  });
});
