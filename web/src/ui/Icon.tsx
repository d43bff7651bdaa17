// The icons: thin strokes on a grid of 16.

const PATHS = {
  add: "M8 3.5v9M3.5 8h9",
  minus: "M3.5 8h9",
  check: "m3.5 8.5 3 3 6-7",
  close: "m4 4 8 8M12 4l-8 8",
  chevron: "m5 6.5 3 3 3-3",
  pointer: "m3.5 2.5 9.5 5-4.3 1.2L7 13z",
  draw: "M2.5 5V2.5H5M11 2.5h2.5V5M13.5 11v2.5H11M5 13.5H2.5V11M8 5.5v5M5.5 8h5",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8ZM8 9.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6Z",
  keys: "M2 4.5h12v7H2zM4.5 7h.01M7 7h.01M9.5 7h.01M11.8 7h.01M5 9.3h6",
  upload: "M8 10.5v-8M4.8 5.5 8 2.3l3.2 3.2M2.5 10.5v3h11v-3",
  trash: "M2.5 4.5h11M6 4.5v-2h4v2M4 4.5l.6 9h6.8l.6-9M6.7 7v4M9.3 7v4",
  edit: "m3 13 .6-2.8 7-7 2.2 2.2-7 7zM9.3 4.5l2.2 2.2",
  restore: "M3 7.5a5 5 0 1 1 1.3 4M3 3.8v3.7h3.7",
  sun: "M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6ZM8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9",
  moon: "M13.2 9.7A5.6 5.6 0 0 1 6.3 2.8a5.6 5.6 0 1 0 6.9 6.9Z",
  auto: "M8 13.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11ZM8 2.5v11",
  leave: "M6.5 13.5h-4v-11h4M10 11l3-3-3-3M13 8H6",
  home: "M2.5 7.5 8 2.8l5.5 4.7v6h-4v-4h-3v4h-4z",
  image: "M2 3h12v10H2zM2 11l3.5-3.5 3 3L11 8l3 3M10.5 6h.01",
  review: "M2.5 2.5h11v8.5h-6l-3 2.7V11h-2zM5.5 6.7l1.8 1.8 3.2-3.6",
  grid: "M2.5 2.5h4.5V7H2.5zM9 2.5h4.5V7H9zM2.5 9h4.5v4.5H2.5zM9 9h4.5v4.5H9z",
  code: "m5.5 4.5-3.5 3.5 3.5 3.5M10.5 4.5 14 8l-3.5 3.5M9 3 7 13",
  copy: "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z",
  download: "M8 2.5v8M4.8 7.3 8 10.5l3.2-3.2M2.5 10.5v3h11v-3",
  folder: "M2 12.8V3.2h4.2l1.5 2H14v7.6z",
  contrast: "M8 13.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11ZM8 2.5v11M8 5.2h4.6M8 8h5.4M8 10.8h4.6",
  tag: "M2.5 2.5H8l5.7 5.7-5.5 5.5L2.5 8zM5.3 5.3h.01",
  info: "M8 13.7A5.7 5.7 0 1 0 8 2.3a5.7 5.7 0 0 0 0 11.4ZM8 7.3v3.5M8 5.2h.01",
  undo: "M5.5 3 2.5 6l3 3M2.5 6h7a4 4 0 0 1 0 8H7",
  redo: "m10.5 3 3 3-3 3M13.5 6h-7a4 4 0 0 0 0 8H9",
  back: "m10 3.5-4.5 4.5 4.5 4.5",
  next: "M6 3.5 10.5 8 6 12.5",
  skip: "m3.5 3.5 5 4.5-5 4.5zM12 3.5v9",
  filter: "M2 3.5h12L9.5 8.8v4.4l-3-1.6V8.8z",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.4 10.4l3.3 3.3",
  bookmark: "M4 2.5h8v11L8 10.3l-4 3.2z",
  snapshot: "M2 4.5h3l1.2-1.7h3.6L11 4.5h3v8.3H2zM8 10.8a2.4 2.4 0 1 0 0-4.8 2.4 2.4 0 0 0 0 4.8Z",
  people:
    "M6 7.5a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6ZM1.8 13c0-2.3 1.8-3.8 4.2-3.8s4.2 1.5 4.2 3.8M10.5 3.2a2.2 2.2 0 0 1 0 4.1M12 9.6c1.4.5 2.2 1.7 2.2 3.4",
  clock: "M8 13.7A5.7 5.7 0 1 0 8 2.3a5.7 5.7 0 0 0 0 11.4ZM8 4.7V8l2.3 1.5",
  away: "M2 6.2a9 9 0 0 1 12 0M4.3 8.8a5.6 5.6 0 0 1 7.4 0M8 12h.01M3 13.5l10-11",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  sliders:
    "M2.5 5h5M11 5h2.5M2.5 11H5M8.5 11h5M9.2 6.7a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4ZM6.8 12.7a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4Z",
  warning: "M8 2.3 14.3 13H1.7zM8 6.5v3M8 11.3h.01",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

// The mark: a mill wheel over still water.
export function Mark({ size = 26 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <g fill="none" stroke="var(--on-accent)" strokeLinecap="round" strokeWidth="2.2">
        <path d="M9 15a7 7 0 0 1 14 0" />
        <path d="M16 8v7M11.2 10.2 16 15M20.8 10.2 16 15" strokeWidth="1.6" />
        <path d="M5.5 19c2 0 2 1.6 4.2 1.6S12 19 14 19s2.2 1.6 4.2 1.6S20.5 19 22.5 19s2 1.6 4 1.6" />
        <path d="M9.5 24.2c2 0 2 1.4 4 1.4s2.2-1.4 4.2-1.4 2.2 1.4 4.3 1.4" opacity=".6" />
      </g>
    </svg>
  );
}
