import { describe, expect, it } from "vitest";
import type { Box } from "../domain/geometry";
import { barsOf, dayAfter } from "./days";
import { layoutOf, pictureSize, placeAfter } from "./layout";
import { markedPaths, pathOf } from "./marks";
import { outcomesOf } from "./outcomes";
import { ALL, choose, chooseMany, isChosen, NONE, reviewedOf, sizeOf } from "./selection";

const box = (x: number, size = 10): Box => [x, 0, x + size, size];
const found = (label: string, score: number, at: Box | null) => ({ label, score, box: at });

describe("outcomes", () => {
  it("knows nothing of an image that is not reviewed", () => {
    expect(outcomesOf([found("a", 0.9, box(0))], null)[0]?.outcome).toBe(null);
  });

  it("gives a true box to the surest of its label, and once", () => {
    const predictions = [found("a", 0.6, box(0)), found("a", 0.9, box(1)), found("b", 0.9, box(0))];
    const seen = outcomesOf(predictions, [{ label: "a", box: box(0) }]);
    expect(seen.map(({ label, score, outcome }) => [label, score, outcome])).toEqual([
      ["a", 0.9, "tp"],
      ["b", 0.9, "fp"],
      ["a", 0.6, "fp"],
    ]);
  });

  it("counts what was missed", () => {
    const seen = outcomesOf([found("a", 0.9, box(0))], [{ label: "a", box: box(8) }]);
    expect(seen.map(({ outcome }) => outcome)).toEqual(["fp", "fn"]);
  });

  it("compares labels where there are no boxes", () => {
    const truth = [{ label: "cat", box: null }];
    const wrong = outcomesOf([found("dog", 0.9, null)], truth);
    expect(outcomesOf([found("cat", 0.9, null)], truth)[0]?.outcome).toBe("tp");
    expect(wrong.map(({ outcome }) => outcome)).toEqual(["fp", "fn"]);
  });
});

describe("marks", () => {
  it("tells a missed and a false box without colour", () => {
    expect(pathOf(box(0), "tp")).toBe("M0 0H10V10H0Z");
    expect(pathOf(box(0), "fp")).toContain("M0 0L10 10");
    expect(pathOf(box(0), "fn")).not.toContain("Z");
  });

  it("draws all boxes of one kind as one path", () => {
    const boxes = outcomesOf([found("a", 0.9, box(0)), found("a", 0.8, box(50))], null);
    expect(markedPaths(boxes)).toEqual([
      { label: "a", mark: "open", path: "M0 0H10V10H0ZM50 0H60V10H50Z" },
    ]);
  });
});

describe("a selection", () => {
  const image = (id: string, reviewed = false) => ({ object_id: id, reviewed });

  it("holds those chosen", () => {
    const some = choose(choose(NONE, image("a", true), true), image("b"), true);
    expect([isChosen(some, "a"), isChosen(some, "c"), sizeOf(some, 9)]).toEqual([true, false, 2]);
    expect(reviewedOf(some, 5)).toBe(1);
    expect(sizeOf(choose(some, image("a", true), false), 9)).toBe(1);
  });

  it("holds all but those left out", () => {
    const all = chooseMany(ALL, [image("a", true), image("b")], false);
    expect([isChosen(all, "a"), isChosen(all, "z"), sizeOf(all, 9)]).toEqual([false, true, 7]);
    expect(reviewedOf(all, 5)).toBe(4);
    expect(sizeOf(choose(all, image("b"), true), 9)).toBe(8);
  });
});

describe("the grid", () => {
  const layout = layoutOf(1000, 25, "m", 4 / 3);

  it("fills its room", () => {
    expect([layout.columns, layout.rows]).toEqual([5, 5]);
    expect(layout.width * 5 + 4 * 8).toBeCloseTo(1000);
    expect(pictureSize(layout, 1)).toBe(256);
    expect(pictureSize(layout, 2)).toBe(384);
  });

  it("moves by keys and stays within", () => {
    const to = (key: string, from: number) => placeAfter(key, from, 24, layout, 2);
    expect([to("ArrowRight", 3), to("ArrowLeft", 0), to("ArrowRight", 23)]).toEqual([4, 0, 23]);
    expect([to("ArrowUp", 2), to("ArrowDown", 2), to("ArrowDown", 19)]).toEqual([2, 7, 23]);
    expect([to("ArrowDown", 22), to("Home", 9), to("End", 9)]).toEqual([22, 0, 23]);
    expect([to("PageDown", 2), to("PageDown", 20), to("PageUp", 7)]).toEqual([12, 23, 2]);
    expect(to("x", 3)).toBe(null);
  });
});

describe("days", () => {
  const day = (text: string, count: number) => ({ day: text, count });

  it("are bars of one day while there is room, with the days between", () => {
    const bars = barsOf([day("2026-05-01", 2), day("2026-05-04", 3)], 10);
    expect(bars.map(({ from, count }) => [from, count])).toEqual([
      ["2026-05-01", 2],
      ["2026-05-02", 0],
      ["2026-05-03", 0],
      ["2026-05-04", 3],
    ]);
  });

  it("are put together where there is none", () => {
    const bars = barsOf([day("2026-01-01", 1), day("2026-12-31", 1)], 12);
    expect(bars.length).toBeLessThanOrEqual(12);
    expect(bars.reduce((sum, { count }) => sum + count, 0)).toBe(2);
    expect(bars.at(-1)?.to).toBe("2026-12-31");
  });

  it("follow each other", () => {
    expect(dayAfter("2026-02-28")).toBe("2026-03-01");
  });
});
