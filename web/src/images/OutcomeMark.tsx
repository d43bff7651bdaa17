// A small sign of what became of a box, drawn as the box itself is.

import { type Mark, pathOf } from "./marks";

export function OutcomeMark({ mark, size = 14 }: { mark: Mark; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 14 14"
      fill="none"
      stroke="currentColor"
      strokeWidth={mark === "fn" ? 2 : 1.5}
      strokeDasharray={mark === "open" ? "2.4 1.6" : undefined}
      aria-hidden="true"
    >
      <path d={pathOf([2, 2, 12, 12], mark)} />
    </svg>
  );
}
