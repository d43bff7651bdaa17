import { describe, expect, it } from "vitest";
import type { Answer, UploadAnswer } from "../api/types";
import { Uploads } from "./uploads";

const FILE = { name: "cell.png" } as File;
const KEPT: UploadAnswer = {
  captured: true,
  inference_id: "i",
  object_id: "o",
  app: "cells",
  model_version: "cells-1",
  width: 64,
  height: 48,
  duration_ms: 5,
  predictions: [],
};
const FOUND = { label: "RBC", score: 0.9, box: null };

async function uploaded(...answers: readonly UploadAnswer[]) {
  const left = [...answers];
  const opened: [Answer, boolean][] = [];
  const uploads = new Uploads({
    predict: () => Promise.resolve(left.shift() as UploadAnswer),
    onDone: (answer, _, isFirst) => opened.push([answer, isFirst]),
  });
  for (const _ of answers) {
    uploads.add("cells", [FILE], { confidence: 0.5, overlap: 0.5 });
    await new Promise((resolve) => setTimeout(resolve));
  }
  return { uploads, opened };
}

describe("Uploads", () => {
  it("opens the first picture that is kept", async () => {
    const { uploads, opened } = await uploaded(KEPT);
    expect(opened).toEqual([[KEPT, true]]);
    expect(uploads.get()[0]).toMatchObject({ phase: "done", inferenceId: "i", unkept: null });
  });

  it("tells what was found in a picture that is not kept, and opens nothing", async () => {
    const { uploads, opened } = await uploaded({ captured: false, predictions: [FOUND] });
    expect(opened).toEqual([]);
    expect(uploads.get()[0]).toMatchObject({ phase: "done", inferenceId: null, unkept: [FOUND] });
    expect(uploads.isUnderWay).toBe(false);
    uploads.dismiss(uploads.get()[0]?.key ?? "");
    expect(uploads.get()).toEqual([]);
  });
});
