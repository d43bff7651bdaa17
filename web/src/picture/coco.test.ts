import { expect, it } from "vitest";
import type { Finding } from "../domain/review";
import type { Subject } from "../domain/subject";
import { asCoco } from "./coco";

const SUBJECT = {
  app: "cells",
  object_id: "o1",
  media_type: "image/png",
  width: 640,
  height: 480,
} as Subject;

function finding(fields: Partial<Finding>): Finding {
  return {
    key: "k",
    source: "prediction",
    label: "WBC",
    score: 0.9,
    box: [10, 20, 110, 220],
    verdict: "open",
    ...fields,
  };
}

it("gives corner and size, categories from one, and ids that lead back", () => {
  const coco = asCoco(
    SUBJECT,
    [finding({}), finding({ source: "person", score: null })],
    ["RBC", "WBC"],
  );
  expect(coco.images).toEqual([
    { id: 1, file_name: "o1.png", width: 640, height: 480, object_id: "o1" },
  ]);
  expect(coco.categories.map(({ id, name }) => [id, name])).toEqual([
    [1, "RBC"],
    [2, "WBC"],
  ]);
  expect(coco.annotations[0]).toEqual({
    id: 1,
    image_id: 1,
    category_id: 2,
    bbox: [10, 20, 100, 200],
    area: 20_000,
    iscrowd: 0,
    prediction_id: "k",
    score: 0.9,
  });
  expect(coco.annotations[1]).toMatchObject({ id: 2, annotation_id: "k" });
  expect(coco.annotations[1]).not.toHaveProperty("score");
});

it("gives a label without a box the whole picture", () => {
  const [whole] = asCoco(SUBJECT, [finding({ box: null })], ["WBC"]).annotations;
  expect(whole?.bbox).toEqual([0, 0, 640, 480]);
});
