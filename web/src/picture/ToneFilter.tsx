// The look of a picture as a filter of the browser, until the server has rendered it.

import type { Tone } from "./look";

export function ToneFilter({ id, tone }: { id: string; tone: Tone }) {
  const line = { type: "linear", slope: tone.slope, intercept: tone.intercept } as const;
  return (
    <svg width="0" height="0" className="visually-hidden" aria-hidden="true">
      <filter id={id} colorInterpolationFilters="sRGB" x="0" y="0" width="1" height="1">
        <feComponentTransfer>
          <feFuncR {...line} />
          <feFuncG {...line} />
          <feFuncB {...line} />
        </feComponentTransfer>
      </filter>
    </svg>
  );
}
