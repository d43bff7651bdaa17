// What became of an image, as a story: what happened, in the order in which it did.

import type { ImageChain, ReviewedBy } from "../api/images";
import type { Annotation, Inference } from "../api/types";

type Said = ImageChain["annotations"][number];
type Frozen = ImageChain["snapshots"][number];
type Model = ImageChain["models"][number];

export type Chapter =
  | { readonly kind: "arrived"; readonly at: string; readonly source: string | null }
  | { readonly kind: "predicted"; readonly at: string; readonly inference: Inference }
  | {
      readonly kind: "said";
      readonly at: string;
      readonly who: string;
      readonly inferenceId: string | null;
      readonly annotations: readonly Said[];
    }
  | { readonly kind: "reviewed"; readonly at: string; readonly review: ReviewedBy }
  | { readonly kind: "frozen"; readonly at: string; readonly snapshot: Frozen }
  | { readonly kind: "learned"; readonly at: string; readonly model: Model };

// Who says nothing for so long starts anew.
const PAUSE_MS = 30 * 60_000;
const ACTIONS = ["confirm", "correct", "add", "reject", "reopen", "complete"] as const;
// Of things of one moment the causes come first.
const ORDER = ["arrived", "predicted", "said", "reviewed", "frozen", "learned"];

export function chaptersOf(chain: ImageChain): Chapter[] {
  const { object, inferences, reviews, snapshots, models } = chain;
  const frozenAt = new Map(snapshots.map(({ name, as_of }) => [name, as_of]));
  const chapters: Chapter[] = [
    { kind: "arrived", at: object.recorded_at, source: object.source },
    ...inferences.map((inference) => ({
      kind: "predicted" as const,
      at: inference.recorded_at ?? object.recorded_at,
      inference,
    })),
    ...sayings(chain.annotations),
    ...reviews.flatMap((review) =>
      review.completed_at === null
        ? []
        : [{ kind: "reviewed" as const, at: review.completed_at, review }],
    ),
    ...snapshots.map((snapshot) => ({ kind: "frozen" as const, at: snapshot.as_of, snapshot })),
    ...models.flatMap((model) => {
      const at = frozenAt.get(model.trained_on ?? "");
      return at === undefined ? [] : [{ kind: "learned" as const, at, model }];
    }),
  ];
  return chapters.sort(
    (a, b) => Date.parse(a.at) - Date.parse(b.at) || ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind),
  );
}

// What one person said of one inference in one go. That it is done is told by the review.
function sayings(annotations: readonly Said[]): Chapter[] {
  const chapters: (Extract<Chapter, { kind: "said" }> & { annotations: Said[] })[] = [];
  for (const one of annotations.filter(({ action }) => action !== "complete")) {
    const last = chapters.findLast(({ who }) => who === one.annotator);
    const before = last?.annotations.at(-1);
    if (
      last !== undefined &&
      before !== undefined &&
      last.inferenceId === one.inference_id &&
      Date.parse(one.recorded_at) - Date.parse(before.recorded_at) < PAUSE_MS
    ) {
      last.annotations.push(one);
    } else {
      const { annotator: who, inference_id: inferenceId, recorded_at: at } = one;
      chapters.push({ kind: "said", at, who, inferenceId, annotations: [one] });
    }
  }
  return chapters;
}

// How many of each kind there are.
export function countsOf(annotations: readonly Annotation[]): [Annotation["action"], number][] {
  const counts = new Map<Annotation["action"], number>();
  for (const { action } of annotations) counts.set(action, (counts.get(action) ?? 0) + 1);
  return ACTIONS.flatMap((action) => {
    const number = counts.get(action);
    return number === undefined ? [] : [[action, number]];
  });
}

// What an annotation speaks of, in words: the label before, and the one that it gives.
export function changeOf(
  one: Annotation,
  chain: ImageChain,
): { from: string | null; to: string | null } {
  const predictions = chain.inferences.flatMap(({ predictions }) => predictions);
  const target =
    predictions.find(({ prediction_id }) => prediction_id === one.target) ??
    chain.annotations.find(({ annotation_id }) => annotation_id === one.target);
  return { from: target?.label ?? null, to: one.label };
}
