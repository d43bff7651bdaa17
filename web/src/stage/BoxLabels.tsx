// The labels of boxes, written at their corners.

import { LINE_HEIGHT, labelPlaces, type Place } from "../domain/labelPlaces";
import type { Verdict } from "../domain/review";
import styles from "./BoxLabels.module.css";

export interface BoxLabel {
  readonly key: string;
  readonly label: string;
  readonly score: number | null;
  readonly colour: string;
  // Of the box, in screen pixels.
  readonly box: Place;
  // Lies over the others.
  readonly isStrong?: boolean;
  readonly verdict?: Verdict;
}

export function BoxLabels({ labels }: { labels: readonly BoxLabel[] }) {
  // The smallest first: the corners of a large box are far apart, and one of them is free.
  const written = labels
    .map((one) => ({ ...one, words: wordsOf(one) }))
    .sort((a, b) => a.box.width * a.box.height - b.box.width * b.box.height);
  const places = labelPlaces(written);
  return written.map(({ key, words, colour, isStrong, verdict }, at) => {
    const place = places[at];
    return place === undefined ? null : (
      <span
        key={key}
        className={styles.label}
        data-corner={place.corner}
        data-strong={isStrong}
        data-verdict={verdict}
        style={{
          background: colour,
          lineHeight: `${LINE_HEIGHT}px`,
          transform: `translate(${place.x}px, ${place.y}px)`,
        }}
        aria-hidden="true"
      >
        {words}
      </span>
    );
  });
}

function wordsOf({ label, score }: BoxLabel): string {
  return score === null ? label : `${label} ${Math.round(score * 100)}`;
}
