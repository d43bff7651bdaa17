// What is done by hand to one subject: each deed is sent, is one step, and can be taken back.

import type { Annotation } from "../api/types";
import { asAnnotation, type Change, completed } from "../domain/changes";
import { inOrder, type Standing, standings } from "../domain/review";
import { placeOf, type Subject } from "../domain/subject";
import { brought, type Step, turnOf } from "../domain/undo";
import type { Deeds } from "./deeds";
import type { Outbox } from "./outbox";

export class Hand {
  readonly place: string;

  constructor(
    private readonly subject: Subject,
    private readonly outbox: Outbox,
    private readonly deeds: Deeds,
  ) {
    this.place = placeOf(subject);
  }

  // Makes the changes, which are one step; returns the root of the last one.
  act(...made: readonly Change[]): string {
    const before = this.standing();
    const turns = made
      .filter(({ root }) => root !== null)
      .map((one) => turnOf(one, before.get(one.root as string) ?? null));
    const completes = made.some(({ body }) => body.action === "complete");
    if (made.length > 0) this.deeds.record(this.place, { turns, completes, at: Date.now() });
    for (const one of made) this.outbox.add(one);
    return made.at(-1)?.root ?? "";
  }

  // What makes these stand; with `anyway` also where they do already.
  towards(wanted: ReadonlyMap<string, Standing | null>, anyway = false): Change[] {
    const now = this.standing();
    return [...wanted]
      .map(([root, goal]) => {
        const prediction = this.subject.predictions.find((one) => one.prediction_id === root);
        return brought(this.place, root, now.get(root) ?? null, goal, prediction, anyway);
      })
      .filter((one) => one !== null);
  }

  undo(): void {
    this.turn(this.deeds.back(this.place), "before");
  }

  redo(): void {
    this.turn(this.deeds.on(this.place), "after");
  }

  private turn(step: Step | null, to: "before" | "after"): void {
    if (step === null) return;
    for (const { root } of step.turns) this.outbox.withdraw(this.place, root);
    const wanted = new Map(step.turns.map((one) => [one.root, one[to]]));
    for (const one of this.towards(wanted)) this.outbox.add(one);
    if (!step.completes) return;
    if (to === "before") this.outbox.withdraw(this.place, null);
    else if (!this.said().some(({ action }) => action === "complete"))
      this.outbox.add(completed(this.place));
  }

  private standing(): Map<string, Standing> {
    return standings(this.subject, this.said());
  }

  private said(): Annotation[] {
    const own = this.outbox.get().changes.filter(({ place }) => place === this.place);
    return laid(this.subject, own);
  }
}

// What the server knows, with the unsaved changes over it.
export function laid(subject: Subject, unsaved: readonly Change[]): Annotation[] {
  const pending = unsaved.map(asAnnotation);
  const ids = new Set(pending.map(({ annotation_id }) => annotation_id));
  const kept = (subject.annotations ?? []).filter((one) => !ids.has(one.annotation_id));
  return [...inOrder(kept), ...pending];
}
