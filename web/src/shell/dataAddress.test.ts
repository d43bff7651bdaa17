import { expect, it } from "vitest";
import { dataAddress } from "./dataAddress";

it("puts the format before the query", () => {
  expect(dataAddress("/images/cells", "?label=WBC", "csv")).toBe("/images/cells.csv?label=WBC");
  expect(dataAddress("/", "", "json")).toBe("/home.json");
});

it("knows that one image is no table, and one of the queue is a place in it", () => {
  expect(dataAddress("/images/cells/17", "", "json")).toBe("/images/cells/17.json");
  expect(dataAddress("/images/cells/17", "", "csv")).toBeNull();
  expect(dataAddress("/review/cells/17", "?strategy=oldest", "csv")).toBe(
    "/review/cells.csv?strategy=oldest",
  );
});

it("has none for a page without data", () => {
  expect(dataAddress("/sign-in", "", "json")).toBeNull();
});
