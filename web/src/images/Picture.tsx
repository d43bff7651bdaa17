// The image itself: to zoom and move, with its boxes over it.

import { type PointerEvent, useRef, useState } from "react";
import type { CardBox } from "../api/images";
import { pictureAddress } from "../api/queries";
import type { Point, Size } from "../domain/geometry";
import { onStage, type View } from "../domain/view";
import { BoxLabels } from "../stage/BoxLabels";
import { useView, useWheel } from "../stage/useView";
import { texts } from "../texts";
import { IconButton } from "../ui/Button";
import { markOf, pathOf } from "./marks";
import overlay from "./Overlay.module.css";
import styles from "./Picture.module.css";

interface PictureProps {
  objectId: string;
  picture: Size;
  boxes: readonly CardBox[];
  colourOf: (label: string) => string;
}

const LARGEST = 2048;
const STEP = 1.35;
// With so few boxes all carry their label; with more the one under the pointer does.
const FEW = 8;

export function Picture({ objectId, picture, boxes, colourOf }: PictureProps) {
  const frame = useRef<HTMLDivElement>(null);
  const { view, isFitted, zoom, pan, showAll } = useView(frame, picture);
  useWheel(frame, zoom);
  const drag = useDrag(pan);
  const [failed, setFailed] = useState(false);
  return (
    <div className={styles.stage}>
      <div ref={frame} className={styles.frame} data-still={isFitted} {...drag}>
        {view !== null && !failed && (
          <img
            className={styles.picture}
            src={pictureAddress(objectId, LARGEST)}
            alt={texts.image.alt(objectId.slice(-12))}
            draggable={false}
            style={{
              width: picture.width * view.scale,
              height: picture.height * view.scale,
              transform: `translate(${view.x}px, ${view.y}px)`,
            }}
            onError={() => setFailed(true)}
          />
        )}
        {failed && <p className={styles.failed}>{texts.predict.noPicture}</p>}
        {view !== null && <Boxes boxes={boxes} view={view} colourOf={colourOf} />}
      </div>
      <div className={styles.tools}>
        <IconButton icon="minus" name={texts.stage.zoomOut} onClick={() => zoom(1 / STEP)} />
        <IconButton icon="add" name={texts.stage.zoomIn} onClick={() => zoom(STEP)} />
        <IconButton icon="fit" name={texts.stage.fit} disabled={isFitted} onClick={showAll} />
      </div>
    </div>
  );
}

interface BoxesProps {
  boxes: readonly CardBox[];
  view: View;
  colourOf: (label: string) => string;
}

function Boxes({ boxes, view, colourOf }: BoxesProps) {
  const [hovered, setHovered] = useState<CardBox | null>(null);
  const placed = boxes.flatMap((each) =>
    each.box === null ? [] : [{ each, at: onStage(view, each.box), mark: markOf(each) }],
  );
  return (
    <>
      <svg className={styles.boxes} aria-hidden="true">
        {placed.map(({ each, at, mark }, index) => {
          const path = pathOf([at.x, at.y, at.x + at.width, at.y + at.height], mark);
          return (
            <g
              // biome-ignore lint/suspicious/noArrayIndexKey: the boxes come in one order
              key={index}
              data-mark={mark}
              data-label={each.label}
              onPointerEnter={() => setHovered(each)}
              onPointerLeave={() => setHovered(null)}
            >
              <rect {...at} className={styles.area} />
              <path className={overlay.halo} d={path} />
              <path className={overlay.line} d={path} stroke={colourOf(each.label)} />
            </g>
          );
        })}
      </svg>
      <BoxLabels
        labels={placed
          .filter(({ each }) => placed.length <= FEW || each === hovered)
          .map(({ each, at }) => ({
            key: `${at.x} ${at.y} ${each.label}`,
            label: each.label,
            score: each.score,
            colour: colourOf(each.label),
            box: at,
          }))}
      />
    </>
  );
}

// Moving the picture with the pointer held down.
function useDrag(pan: (dx: number, dy: number) => void) {
  const last = useRef<Point | null>(null);
  const end = () => {
    last.current = null;
  };
  return {
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      last.current = { x: event.clientX, y: event.clientY };
    },
    onPointerMove: ({ clientX, clientY }: PointerEvent) => {
      if (last.current === null) return;
      pan(clientX - last.current.x, clientY - last.current.y);
      last.current = { x: clientX, y: clientY };
    },
    onPointerUp: end,
    onPointerCancel: end,
  };
}
