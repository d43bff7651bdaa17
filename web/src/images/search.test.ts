import { describe, expect, it } from "vitest";
import { parseQuery, plainQuery, stringifyQuery } from "../api/plainQuery";
import { changed, imageSearch, imagesSearch, isFiltering, toggled } from "./search";

describe("the query of an address", () => {
  it("repeats the name of a list, and comes back as it went", () => {
    const filter = { label: ["WBC", "RBC & co"], min_score: 0.5, reviewed: "no" } as const;
    const query = stringifyQuery(filter);
    expect(query).toBe("?label=WBC&label=RBC+%26+co&min_score=0.5&reviewed=no");
    expect(imagesSearch(parseQuery(query))).toEqual(filter);
  });

  it("is nothing for nothing", () => {
    expect(stringifyQuery({})).toBe("");
    expect(plainQuery({ since: undefined })).toBe("");
    expect(parseQuery("")).toEqual({});
  });
});

describe("the filter of an address", () => {
  it("takes one value for a list of one", () => {
    expect(imagesSearch({ label: "WBC" })).toEqual({ label: ["WBC"] });
  });

  it("leaves out what means nothing", () => {
    const raw = { label: "", outcome: ["odd", "fp"], min_score: "7", sort: "newest", no: "such" };
    expect(imagesSearch(raw)).toEqual({ outcome: ["fp"] });
    expect(imagesSearch({ min_score: "abc", reviewed: "maybe", sort: "size" })).toEqual({});
  });

  it("keeps an odd name of a label as it is", () => {
    expect(imagesSearch(parseQuery("?label=1&label=true"))).toEqual({ label: ["1", "true"] });
  });

  it("knows the place of an image", () => {
    expect(imageSearch(parseQuery("?label=WBC&at=12"))).toEqual({ label: ["WBC"], at: 12 });
    expect(imageSearch({ at: "-1" })).toEqual({});
  });
});

describe("a change of the filter", () => {
  it("takes away what is undefined or empty", () => {
    expect(
      changed({ label: ["WBC"], reviewed: "yes" }, { label: [], reviewed: undefined }),
    ).toEqual({});
  });

  it("toggles a value", () => {
    expect(toggled(["a"], "b")).toEqual(["a", "b"]);
    expect(toggled(["a", "b"], "a")).toEqual(["b"]);
    expect(toggled(undefined, "a")).toEqual(["a"]);
  });

  it("does not take an order for a filter", () => {
    expect(isFiltering({ sort: "wrong" })).toBe(false);
    expect(isFiltering({ reviewed: "no" })).toBe(true);
  });
});
