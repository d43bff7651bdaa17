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
