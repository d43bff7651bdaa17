import { expect, test } from "vitest";
import { seated } from "./seats";

test("a batch is filled in the order of waiting", () => {
  expect(seated([], ["a", "b", "c"], 2)).toEqual(["a", "b"]);
  expect(seated([], ["a"], 2)).toEqual(["a", null]);
});

test("what is skipped gives its place to the next, and no other moves", () => {
  expect(seated(["a", "b", "c"], ["a", "c", "d"], 3)).toEqual(["a", "d", "c"]);
  expect(seated(["a", "b", "c"], ["a", "c"], 3)).toEqual(["a", null, "c"]);
  expect(seated(["a", null, "c"], ["a", "c", "d"], 3)).toEqual(["a", "d", "c"]);
});

test("a batch that is done makes room for the next one", () => {
  expect(seated(["a", "b"], ["c", "d", "e"], 2)).toEqual(["c", "d"]);
});
