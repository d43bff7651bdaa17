import { describe, expect, it } from "vitest";
import { colourOf } from "./colours";

type Three = readonly [number, number, number];
type Matrix = readonly [Three, Three, Three];

// What is left of linear light for those who miss one kind of cone (Machado et al. 2009).
const EYES: Readonly<Record<string, Matrix>> = {
  all: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanope: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranope: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanope: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};
// Linear light to OKLab (Ottosson 2020).
const CONES: Matrix = [
  [0.4122214708, 0.5363325363, 0.0514459929],
  [0.2119034982, 0.6806995451, 0.1073969566],
  [0.0883024619, 0.2817188376, 0.6299787005],
];
const LAB: Matrix = [
  [0.2104542553, 0.793617785, -0.0040720468],
  [1.9779984951, -2.428592205, 0.4505937099],
  [0.0259040371, 0.7827717662, -0.808675766],
];

const labels = Array.from({ length: 17 }, (_, at) => `label ${at}`);
const palette = labels.map((label) => colourOf(label, labels));

describe("the colours of labels", () => {
  it.each(Object.keys(EYES))("are told apart by eyes: %s", (eyes) => {
    const seen = palette.map((colour) => seenBy(EYES[eyes] as Matrix, colour));
    expect(leastDifference(seen.slice(0, 8))).toBeGreaterThan(0.1);
    expect(leastDifference(seen.slice(0, 12))).toBeGreaterThan(0.08);
    expect(leastDifference(seen.slice(0, 16))).toBeGreaterThan(0.064);
  });

  it("begin again after the sixteenth", () => {
    expect(palette[16]).toBe(palette[0]);
  });
});

function seenBy(eyes: Matrix, colour: string): Three {
  const light = [1, 3, 5].map((at) => linear(Number.parseInt(colour.slice(at, at + 2), 16) / 255));
  const left = times(eyes, light as unknown as Three).map((one) => Math.min(1, Math.max(0, one)));
  const cones = times(CONES, left as unknown as Three).map(Math.cbrt);
  return times(LAB, cones as unknown as Three);
}

function linear(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

function times(matrix: Matrix, [x, y, z]: Three): Three {
  return matrix.map(([a, b, c]) => a * x + b * y + c * z) as unknown as Three;
}

function leastDifference(seen: readonly Three[]): number {
  const pairs = seen.flatMap((one, at) => seen.slice(0, at).map((other) => [one, other] as const));
  return Math.min(...pairs.map(([a, b]) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])));
}
