// The boxes over a picture that is shown whole in its frame: few paths, however many boxes.

import { memo } from "react";
import type { CardBox } from "../api/images";
import type { Size } from "../domain/geometry";
import { markedPaths } from "./marks";
import styles from "./Overlay.module.css";

interface OverlayProps {
  picture: Size;
  boxes: readonly CardBox[];
  colourOf: (label: string) => string;
}

export const Overlay = memo(function Overlay({ picture, boxes, colourOf }: OverlayProps) {
  const paths = markedPaths(boxes);
  if (paths.length === 0) return null;
  return (
    <svg
      className={styles.overlay}
      viewBox={`0 0 ${picture.width} ${picture.height}`}
      aria-hidden="true"
    >
      {paths.map(({ label, mark, path }) => (
        <g key={`${mark} ${label}`} data-mark={mark} data-label={label}>
          <path className={styles.halo} d={path} />
          <path className={styles.line} d={path} stroke={colourOf(label)} />
        </g>
      ))}
    </svg>
  );
});
