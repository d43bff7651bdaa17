import { describe, expect, test } from "vitest";
import type { Candidate } from "../api/types";
import type { Box } from "./geometry";
import { answered, suppressed } from "./suppression";

const of = (label: string, score: number, box: Box | null): Candidate => ({ label, score, box });

describe("suppression", () => {
  const strong = of("a", 0.9, [0, 0, 10, 10]);
  const beside = of("a", 0.8, [5, 0, 15, 10]); // overlaps the strong one by a third
  const apart = of("a", 0.7, [50, 50, 60, 60]);
  const other = of("b", 0.6, [0, 0, 10, 10]);
  const weak = of("b", 0.2, [80, 0, 90, 10]);
  const all = [weak, beside, other, strong, apart];

  test("keeps the surest of boxes of one label that overlap more than allowed", () => {
    expect(suppressed(all, { confidence: 0.5, overlap: 0.3 })).toEqual([strong, apart, other]);
  });

  test("keeps boxes that overlap just as much as allowed", () => {
    const at = { confidence: 0.5, overlap: 1 / 3 };
    expect(suppressed(all, at)).toEqual([strong, beside, apart, other]);
  });

  test("keeps what is exactly as sure as asked for", () => {
    expect(suppressed(all, { confidence: 0.2, overlap: 0 })).toContain(weak);
    expect(suppressed(all, { confidence: 0.21, overlap: 0 })).not.toContain(weak);
  });

  test("lets the one that came first win among equals", () => {
    const first = of("a", 0.5, [0, 0, 10, 10]);
    const second = of("a", 0.5, [1, 0, 11, 10]);
    expect(suppressed([first, second], { confidence: 0.5, overlap: 0.45 })).toEqual([first]);
  });

  test("is not done by a box that was itself suppressed", () => {
    const chain = [0, 4, 8].map((x, index) => of("a", 0.9 - index / 10, [x, 0, x + 10, 10]));
    expect(suppressed(chain, { confidence: 0.5, overlap: 0.4 })).toEqual([chain[0], chain[2]]);
  });
});

test("a picture has at least its best label", () => {
  const labels = [of("lemon", 0.3, null), of("apple", 0.4, null)];
  expect(answered(labels, 0.9).map(({ label }) => label)).toEqual(["apple"]);
  expect(answered(labels, 0.3).map(({ label }) => label)).toEqual(["apple", "lemon"]);
});
