import { describe, expect, it } from "vitest";
import { dragged, isNothing, type Look, lookQuery, PLAIN, settled, toneBetween } from "./look";

const CT = { center: 40, width: 400, min: -1024, max: 3071 };

// What a viewer does with a value, unclipped.
function grey(value: number, { window, invert }: Look): number {
  const { center, width } = window ?? CT;
  const shown = (value - center) / width + 0.5;
  return invert ? 1 - shown : shown;
}

describe("toneBetween", () => {
  const lung = { center: -600, width: 1500 };
  const looks: Look[] = [
    PLAIN,
    { window: lung, invert: false },
    { window: lung, invert: true },
    { window: null, invert: true },
  ];

  it("makes of the one picture the other, for every pair of looks", () => {
    for (const shown of looks) {
      for (const wanted of looks) {
        const { slope, intercept } = toneBetween(shown, wanted, CT);
        for (const value of [-900, 0, 35, 1200]) {
          expect(slope * grey(value, shown) + intercept).toBeCloseTo(grey(value, wanted), 9);
        }
      }
    }
  });

  it("is nothing between two that are the same", () => {
    expect(isNothing(toneBetween(PLAIN, PLAIN, CT))).toBe(true);
    expect(isNothing(toneBetween(PLAIN, { window: null, invert: true }, CT))).toBe(false);
  });
});

describe("dragged", () => {
  it("widens to the right and darkens downwards", () => {
    const after = dragged(CT, 50, 25, CT);
    expect(after.width).toBeGreaterThan(CT.width);
    expect(after.center).toBeGreaterThan(CT.center);
    expect(grey(100, { window: after, invert: false })).toBeLessThan(grey(100, PLAIN));
  });

  it("ends where nothing more can be seen", () => {
    expect(dragged(CT, -10_000, 0, CT).width).toBe(1);
    expect(dragged(CT, 0, 10_000, CT).center).toBe(3072);
    expect(settled({ center: 0.5, width: 0.2 }, { ...CT, min: 0, max: 0.5 }).width).toBeCloseTo(
      0.2,
      2,
    );
  });
});

describe("lookQuery", () => {
  it("asks for what differs from the file", () => {
    expect(lookQuery(PLAIN)).toBe("");
    expect(lookQuery({ window: { center: -600, width: 1500 }, invert: true })).toBe(
      "&center=-600&width=1500&invert=true",
    );
  });
});
