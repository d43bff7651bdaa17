import { expect, test } from "vitest";
import { led, NOTHING, pick } from "./picking";

const ALL = ["a", "b", "c", "d", "e", "f", "g"];

test("a click picks one, with control one more, with shift a run from the last", () => {
  const one = pick(NOTHING, ALL, 1, "only");
  expect([...one.keys]).toEqual(["b"]);
  const run = pick(one, ALL, 4, "run");
  expect([...run.keys]).toEqual(["b", "c", "d", "e"]);
  expect([...pick(run, ALL, 0, "run").keys]).toEqual(["a", "b"]);
  const without = pick(run, ALL, 2, "toggle");
  expect([...without.keys]).toEqual(["b", "d", "e"]);
  expect(pick(without, ALL, 99, "only")).toBe(without);
});

test("arrows lead within the rows and not out of them", () => {
  expect(led("ArrowDown", 1, 7, 3)).toBe(4);
  expect(led("ArrowDown", 5, 7, 3)).toBeNull();
  expect(led("ArrowLeft", 0, 7, 3)).toBeNull();
  expect(led("End", 0, 7, 3)).toBe(6);
  expect(led("x", 0, 7, 3)).toBeNull();
});
