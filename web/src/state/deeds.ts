// What a person has done on each image since the page was opened, to be taken back.

import type { Place } from "../domain/subject";
import { NO_PAST, type Past, type Step, stepBack, stepOn, withStep } from "../domain/undo";
import { Store } from "./store";

// The pasts of so many images are kept, the latest.
const KEPT = 50;

export class Deeds extends Store<ReadonlyMap<Place, Past>> {
  constructor() {
    super(new Map());
  }

  of(place: Place): Past {
    return this.get().get(place) ?? NO_PAST;
  }

  record(place: Place, step: Step): void {
    this.keep(place, withStep(this.of(place), step));
  }

  // The step to take back, which from now on can be done again; null when there is none.
  back(place: Place): Step | null {
    const [step, past] = stepBack(this.of(place));
    this.keep(place, past);
    return step;
  }

  // The step to do again.
  on(place: Place): Step | null {
    const [step, past] = stepOn(this.of(place));
    this.keep(place, past);
    return step;
  }

  private keep(place: Place, past: Past): void {
    const others = [...this.get()].filter(([known]) => known !== place);
    this.set(new Map([...others.slice(1 - KEPT), [place, past]]));
  }
}
