// How the grid lies on its room: columns, rows, and where a key leads.

export const SIZES = ["s", "m", "l"] as const;
export type GridSize = (typeof SIZES)[number];

export interface Layout {
  readonly columns: number;
  readonly rows: number;
  // The width and height of a picture, in pixels of the page.
  readonly width: number;
  readonly height: number;
  readonly rowHeight: number;
}

export const GAP = 8;
export const CAPTION = 26;

const NARROWEST: Record<GridSize, number> = { s: 104, m: 164, l: 300 };
// Pictures very long or very high are shown whole in a cell that is less so.
const FLATTEST = 1.78;
const HIGHEST = 0.75;

export function layoutOf(room: number, total: number, size: GridSize, aspect: number): Layout {
  const columns = Math.max(1, Math.floor((room + GAP) / (NARROWEST[size] + GAP)));
  const width = Math.max(1, (room - GAP * (columns - 1)) / columns);
  const height = Math.round(width / Math.min(FLATTEST, Math.max(HIGHEST, aspect)));
  const rowHeight = height + (size === "s" ? 0 : CAPTION) + GAP;
  return { columns, rows: Math.ceil(total / columns), width, height, rowHeight };
}

// Sizes that the server is asked for: few, so that its answers are kept.
const PICTURES = [128, 256, 384, 512, 768, 1024];

export function pictureSize({ width, height }: Layout, density: number): number {
  const needed = Math.max(width, height) * Math.min(2, density);
  return PICTURES.find((size) => size >= needed * 0.9) ?? 1024;
}

// The place to which a key leads from another; null for keys that do not move.
export function placeAfter(
  key: string,
  from: number,
  total: number,
  { columns }: Layout,
  rowsInSight: number,
): number | null {
  const last = total - 1;
  const page = columns * Math.max(1, rowsInSight);
  const steps: Record<string, number> = {
    ArrowLeft: from - 1,
    ArrowRight: from + 1,
    ArrowUp: from - columns < 0 ? from : from - columns,
    ArrowDown: belowOf(from, columns, last),
    Home: 0,
    End: last,
    PageUp: from - page < 0 ? from % columns : from - page,
    PageDown: from + page > last ? last : from + page,
  };
  const to = steps[key];
  return to === undefined ? null : Math.min(last, Math.max(0, to));
}

// Below the last full row the last image is the nearest.
function belowOf(from: number, columns: number, last: number): number {
  if (from + columns <= last) return from + columns;
  const isLastRow = Math.floor(from / columns) === Math.floor(last / columns);
  return isLastRow ? from : last;
}
