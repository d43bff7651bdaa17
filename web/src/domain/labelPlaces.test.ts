import { describe, expect, it } from "vitest";
import { labelPlaces, type Place } from "./labelPlaces";

const at = (x: number, y: number, side = 100): Place => ({ x, y, width: side, height: side });

describe("the places of labels", () => {
  it("are above the left corner, where there is room", () => {
    const places = labelPlaces([
      { words: "mass 80", box: at(50, 50) },
      { words: "nodule 40", box: at(300, 50) },
    ]);
    expect(places).toEqual([
      { x: 50, y: 34, corner: "above" },
      { x: 300, y: 34, corner: "above" },
    ]);
  });

  it("are each at a corner of its own where boxes have the same one", () => {
    const box = at(50, 50, 200);
    const places = labelPlaces(
      ["mass 80", "nodule 40", "effusion"].map((words) => ({ words, box })),
    );
    expect(places.map(({ corner }) => corner)).toEqual(["above", "above-right", "below"]);
  });

  it("are in sight for a box at the upper edge", () => {
    expect(labelPlaces([{ words: "mass", box: at(20, 4) }])).toEqual([
      { x: 20, y: 104, corner: "below" },
    ]);
  });

  it("lie over another label where no corner is left", () => {
    const box = at(50, 50, 30);
    const places = labelPlaces(Array.from({ length: 5 }, () => ({ words: "a long label", box })));
    expect(places.map(({ corner, y }) => [corner, y])).toEqual([
      ["above", 34],
      ["below", 80],
      ["within", 50],
      ["above", 18],
      ["above", 2],
    ]);
  });
});
