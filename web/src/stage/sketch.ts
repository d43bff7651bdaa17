// The box that is being dragged or drawn. It changes with every frame, so it is kept apart from the
// state of the page: only what draws it listens.

import type { Box } from "../domain/geometry";
import { Store } from "../state/store";

export interface Sketch {
  // Null for a box that is being drawn.
  readonly key: string | null;
  readonly box: Box;
}

export class SketchPad extends Store<Sketch | null> {
  private next: Sketch | null = null;
  private frame = 0;

  constructor() {
    super(null);
  }

  // Shown with the next frame, however often the pointer tells a place before that.
  put(sketch: Sketch): void {
    this.next = sketch;
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.set(this.next);
    });
  }

  // Takes the last sketch, and leaves the pad empty.
  take(): Sketch | null {
    const last = this.next;
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.next = null;
    if (this.get() !== null) this.set(null);
    return last;
  }
}
