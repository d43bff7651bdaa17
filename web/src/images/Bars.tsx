// A small histogram. Its figures are read from the controls beside it, so it is only for the eye.

import { type PointerEvent, useState } from "react";
import styles from "./Bars.module.css";

interface BarsProps {
  counts: readonly number[];
  isIn: (index: number) => boolean;
  nameOf?: (index: number) => string;
  // Called with the first and the last bar that were dragged over.
  onDrag?: (first: number, last: number) => void;
}

const HEIGHT = 40;

export function Bars({ counts, isIn, nameOf, onDrag }: BarsProps) {
  const [drag, setDrag] = useState<readonly [number, number] | null>(null);
  const most = Math.max(1, ...counts);
  const barAt = ({ currentTarget, clientX }: PointerEvent) => {
    const { left, width } = currentTarget.getBoundingClientRect();
    const at = Math.floor(((clientX - left) / width) * counts.length);
    return Math.min(counts.length - 1, Math.max(0, at));
  };
  const ends = drag === null ? null : ([Math.min(...drag), Math.max(...drag)] as const);
  const isLit = (index: number) =>
    ends === null ? isIn(index) : index >= ends[0] && index <= ends[1];
  const onPointerDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    setDrag([barAt(event), barAt(event)]);
  };
  const onPointerMove = (event: PointerEvent) => {
    if (drag !== null) setDrag([drag[0], barAt(event)]);
  };
  const onPointerUp = () => {
    if (ends !== null) onDrag?.(...ends);
    setDrag(null);
  };
  return (
    <svg
      className={styles.bars}
      viewBox={`0 0 ${counts.length} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      data-draggable={onDrag !== undefined}
      {...(onDrag === undefined
        ? {}
        : { onPointerDown, onPointerMove, onPointerUp, onPointerCancel: () => setDrag(null) })}
    >
      {counts.map((count, index) => {
        const height = count === 0 ? 0 : Math.max(2, (count / most) * HEIGHT);
        return (
          <g
            // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its place
            key={index}
            className={styles.bar}
            data-in={isLit(index)}
          >
            <rect x={index + 0.08} y={HEIGHT - height} width={0.84} height={height} />
            {nameOf !== undefined && (
              <rect x={index} y={0} width={1} height={HEIGHT} className={styles.touch}>
                <title>{nameOf(index)}</title>
              </rect>
            )}
          </g>
        );
      })}
    </svg>
  );
}
