// What became of each prediction against the truth of its image, as the views of Millpond count it:
// the surest first takes the true box of its label that it overlaps best, by half at least.

import type { CardBox } from "../api/images";
import type { Candidate } from "../api/types";
import { type Box, iou } from "../domain/geometry";

interface True {
  readonly label: string;
  readonly box: Box | null;
}

const SAME = 0.5;

// `truth` is null while the image is not reviewed: then nothing is known of any box.
export function outcomesOf(
  predictions: readonly Candidate[],
  truth: readonly True[] | null,
): CardBox[] {
  if (truth === null) return predictions.map((one) => withOutcome(one, null));
  const left = [...truth];
  const surest = [...predictions].sort((a, b) => b.score - a.score);
  const found = surest.map((one) => {
    const at = bestOf(one, left);
    if (at < 0) return withOutcome(one, "fp");
    left.splice(at, 1);
    return withOutcome(one, "tp");
  });
  return [...found, ...left.map((one) => ({ ...one, score: null, outcome: "fn" as const }))];
}

function withOutcome({ label, score, box }: Candidate, outcome: "tp" | "fp" | null): CardBox {
  return { label, score, box, outcome };
}

function bestOf(one: Candidate, truth: readonly True[]): number {
  const overlaps = truth.map((each) => (each.label === one.label ? overlap(one.box, each.box) : 0));
  const best = Math.max(0, ...overlaps);
  return best >= SAME ? overlaps.indexOf(best) : -1;
}

// A label without a box covers the whole image.
function overlap(a: Box | null, b: Box | null): number {
  if (a === null || b === null) return a === b ? 1 : 0;
  return iou(a, b);
}
