// Which of a row of things are picked, as in any list of files: by clicks and by arrows, with Shift
// for a run of them.

export interface Picked {
  readonly keys: ReadonlySet<string>;
  // Where the arrows go from, and where a run begins; indices.
  readonly cursor: number;
  readonly anchor: number;
}

export const NOTHING: Picked = { keys: new Set(), cursor: 0, anchor: 0 };

export function pick(
  before: Picked,
  all: readonly string[],
  at: number,
  how: "only" | "toggle" | "run",
): Picked {
  const key = all[at];
  if (key === undefined) return before;
  if (how === "run") {
    const [low, high] = [Math.min(before.anchor, at), Math.max(before.anchor, at)];
    return { keys: new Set(all.slice(low, high + 1)), cursor: at, anchor: before.anchor };
  }
  if (how === "only") return { keys: new Set([key]), cursor: at, anchor: at };
  const keys = new Set(before.keys);
  if (!keys.delete(key)) keys.add(key);
  return { keys, cursor: at, anchor: at };
}

// Where a key leads from a place in rows of so many columns; null where it leads nowhere.
export function led(key: string, from: number, count: number, columns: number): number | null {
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: from - 1,
    ArrowRight: from + 1,
    ArrowUp: from - columns,
    ArrowDown: from + columns,
    Home: 0,
    End: count - 1,
  };
  const to = steps[key];
  return to === undefined || to < 0 || to >= count ? null : to;
}
