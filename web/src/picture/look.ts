// How a picture is looked at: through which window of its grey values, and whether inverted.

// Half a step above the value shown as middle grey, and how many values lie from black to white
// (DICOM PS3.3, C.11.2.1.2).
export interface Window {
  readonly center: number;
  readonly width: number;
}

// The window of the file, and the values that there are.
export interface Levels extends Window {
  readonly min: number;
  readonly max: number;
}

export interface Look {
  // Null is that of the file.
  readonly window: Window | null;
  readonly invert: boolean;
}

export const PLAIN: Look = { window: null, invert: false };
// Those of a picture with colours, which only the browser darkens and brightens.
export const COLOUR_LEVELS: Levels = { center: 128, width: 256, min: 0, max: 255 };

// So far is a drag that goes through all values once, in screen pixels.
const FULL_DRAG = 500;

// A drag to the right widens the window, one downwards darkens, as reading rooms have it.
export function dragged(window: Window, dx: number, dy: number, levels: Levels): Window {
  const perPixel = (levels.max - levels.min + 1) / FULL_DRAG;
  return settled(
    { center: window.center + dy * perPixel, width: window.width + dx * perPixel },
    levels,
  );
}

// The nearest window that shows anything, in whole values where there are many.
export function settled({ center, width }: Window, levels: Levels): Window {
  const range = levels.max - levels.min + 1;
  const step = range > 16 ? 1 : range / 256;
  const round = (value: number) => Math.round(value / step) * step;
  const clamp = (value: number, least: number, most: number) =>
    Math.min(most, Math.max(least, round(value)));
  return {
    center: clamp(center, levels.min, levels.max + 1),
    width: clamp(width, step, 2 * range),
  };
}

// What turns grey as shown into grey as wanted: `slope * grey + intercept`, of 0 to 1.
export interface Tone {
  readonly slope: number;
  readonly intercept: number;
}

export function toneBetween(shown: Look, wanted: Look, levels: Levels): Tone {
  const from = shown.window ?? levels;
  const to = wanted.window ?? levels;
  const slope = from.width / to.width;
  const intercept = (from.center - from.width / 2 - to.center + to.width / 2) / to.width;
  // The picture as shown, upright again; then to the new window; then inverted if wanted.
  const upright = shown.invert
    ? { slope: -slope, intercept: slope + intercept }
    : { slope, intercept };
  return wanted.invert ? { slope: -upright.slope, intercept: 1 - upright.intercept } : upright;
}

export function isNothing({ slope, intercept }: Tone): boolean {
  return Math.abs(slope - 1) < 1e-3 && Math.abs(intercept) < 1e-3;
}

export function isSame(a: Look, b: Look): boolean {
  return (
    a.invert === b.invert &&
    a.window?.center === b.window?.center &&
    a.window?.width === b.window?.width
  );
}

// The look as the server is asked for it, to follow an address that has a query already.
export function lookQuery({ window, invert }: Look): string {
  const query = new URLSearchParams();
  if (window !== null) {
    query.set("center", String(window.center));
    query.set("width", String(window.width));
  }
  if (invert) query.set("invert", "true");
  return query.size === 0 ? "" : `&${query}`;
}
