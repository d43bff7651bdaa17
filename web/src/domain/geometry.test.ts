import { describe, expect, test } from "vitest";
import {
  type Box,
  between,
  HANDLES,
  iou,
  moved,
  resized,
  SMALLEST_SIDE,
  sameBox,
} from "./geometry";
import { fitted, onStage, toPicture, zoomed } from "./view";

const PICTURE = { width: 100, height: 80 };

describe("boxes", () => {
  test("overlap as a share of their union", () => {
    expect(iou([0, 0, 10, 10], [5, 0, 15, 10])).toBeCloseTo(1 / 3);
    expect(iou([0, 0, 10, 10], [10, 0, 20, 10])).toBe(0);
    expect(iou([1, 2, 3, 4], [1, 2, 3, 4])).toBe(1);
  });

  test("stop at the edges of the picture and keep their size", () => {
    expect(moved([10, 10, 30, 20], 500, -500, PICTURE)).toEqual([80, 0, 100, 10]);
  });

  test("are dragged by the edges of a handle alone", () => {
    expect(resized([10, 10, 30, 20], "w", -4, 9, PICTURE)).toEqual([6, 10, 30, 20]);
    expect(resized([10, 10, 30, 20], "se", 5, 6, PICTURE)).toEqual([10, 10, 35, 26]);
  });

  test("turn over when an edge is dragged past the opposite one", () => {
    expect(resized([10, 10, 30, 20], "e", -40, 0, PICTURE)).toEqual([0, 10, 10, 20]);
    expect(resized([10, 10, 30, 20], "nw", 25, 15, PICTURE)).toEqual([30, 20, 35, 25]);
  });

  test("never lose a side or leave the picture", () => {
    for (const handle of HANDLES) {
      for (let by = -120; by <= 120; by += 0.5) {
        const [left, top, right, bottom] = resized([10, 10, 30, 20], handle, by, -by, PICTURE);
        expect(left).toBeGreaterThanOrEqual(0);
        expect(top).toBeGreaterThanOrEqual(0);
        expect(right).toBeLessThanOrEqual(100);
        expect(bottom).toBeLessThanOrEqual(80);
        expect(right - left).toBeGreaterThanOrEqual(SMALLEST_SIDE);
        expect(bottom - top).toBeGreaterThanOrEqual(SMALLEST_SIDE);
      }
    }
    expect(resized([0, 0, 3, 3], "e", -3, 0, PICTURE)).toEqual([0, 0, 2, 3]);
    expect(resized([90, 0, 100, 3], "w", 99, 0, PICTURE)).toEqual([98, 0, 100, 3]);
  });

  test("are the same whichever way they are drawn, and none when there is no area", () => {
    expect(between({ x: 20, y: 30 }, { x: 5, y: 99 }, PICTURE)).toEqual([5, 30, 20, 80]);
    expect(between({ x: 20, y: 30 }, { x: 20.5, y: 60 }, PICTURE)).toBeNull();
  });

  test("are compared as finely as anyone can point", () => {
    const box: Box = [1, 2, 3, 4];
    expect(sameBox(box, [1.01, 2, 3, 4])).toBe(true);
    expect(sameBox(box, [1.1, 2, 3, 4])).toBe(false);
    expect(sameBox(null, box)).toBe(false);
  });
});

describe("the view", () => {
  const stage = { width: 800, height: 600 };

  test("shows the whole picture in the middle", () => {
    const whole = onStage(fitted({ width: 1600, height: 400 }, stage), [0, 0, 1600, 400]);
    expect(whole.x).toBeCloseTo(16);
    expect(whole.x + whole.width).toBeCloseTo(784);
    expect(whole.y).toBeCloseTo(600 - whole.y - whole.height);
  });

  test("zooms around the point, which stays where it is", () => {
    const picture = { width: 640, height: 480 };
    const before = fitted(picture, stage);
    const at = { x: 500, y: 200 };
    const after = zoomed(before, 3, at, picture, stage);
    expect(after.scale).toBeCloseTo(before.scale * 3);
    expect(toPicture(after, at).x).toBeCloseTo(toPicture(before, at).x);
    expect(toPicture(after, at).y).toBeCloseTo(toPicture(before, at).y);
  });
});
