// The stage: a picture to zoom and move, with boxes over it to select, drag and draw.

import { type KeyboardEvent, type Ref, useId, useImperativeHandle, useRef, useState } from "react";
import { type Box, moved, resized, type Size } from "../domain/geometry";
import { toPicture } from "../domain/view";
import { texts } from "../texts";
import { Boxes } from "./Boxes";
import type { Marking, StageHandle } from "./marking";
import styles from "./Stage.module.css";
import { Toolbar } from "./Toolbar";
import { useGestures } from "./useGestures";
import { useView, useWheel } from "./useView";

export interface StageProps {
  ref: Ref<StageHandle>;
  source: string;
  picture: Size;
  name: string;
  labels: readonly string[];
  // Null where the application knows no boxes.
  marking: Marking | null;
  mayEdit: boolean;
  colourOf: (label: string) => string;
}

const ZOOM_STEP = 1.35;
const PAN_STEP = 48;
const ARROWS: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export function Stage(props: StageProps) {
  const { source, picture, name, marking, mayEdit, colourOf } = props;
  const frame = useRef<HTMLDivElement>(null);
  const description = useId();
  const stageView = useView(frame, picture);
  const { view, zoom, pan, showAll, isFitted } = stageView;
  useWheel(frame, zoom);
  const gestures = useGestures({ marking, mayEdit, picture, stageView });
  const [showsRejected, setShowsRejected] = useState(false);
  const [showsBoxes, setShowsBoxes] = useState(true);
  const isDrawing = marking?.tool === "draw";

  const onKey = (key: string): boolean => {
    if (key === "Escape") return gestures.cancel();
    if (key === "+" || key === "=") zoom(ZOOM_STEP);
    else if (key === "-") zoom(1 / ZOOM_STEP);
    else if (key === "0") showAll();
    else return false;
    return true;
  };
  useImperativeHandle(props.ref, () => ({ onKey }));

  const onArrow = (event: KeyboardEvent, [x, y]: readonly [number, number]) => {
    event.preventDefault();
    const selected = marking?.selected;
    if (!mayEdit || !selected?.box || isDrawing) return pan(-x * PAN_STEP, -y * PAN_STEP);
    const by = event.shiftKey ? 10 : 1;
    const change = event.altKey
      ? resized(selected.box, "se", x * by, y * by, picture)
      : moved(selected.box, x * by, y * by, picture);
    marking?.setBox(selected, change);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const arrow = ARROWS[event.key];
    if (arrow !== undefined) onArrow(event, arrow);
    else if (event.key === "Enter" && isDrawing) {
      event.preventDefault();
      marking?.draw(middleOf());
    }
  };
  // A quarter of what is in sight, in its middle.
  const middleOf = (): Box => {
    const { width, height } = stageView.size ?? picture;
    const at = view ?? { scale: 1, x: 0, y: 0 };
    const centre = toPicture(at, { x: width / 2, y: height / 2 });
    const half = Math.min(width, height, picture.width * at.scale) / at.scale / 8;
    const box = [centre.x - half, centre.y - half, centre.x + half, centre.y + half] as const;
    return moved(resized(box, "se", 0, 0, picture), 0, 0, picture);
  };

  return (
    <div className={styles.stage}>
      <Toolbar
        {...props}
        view={view}
        isFitted={isFitted}
        onZoom={(direction) => zoom(direction > 0 ? ZOOM_STEP : 1 / ZOOM_STEP)}
        onFit={showAll}
        showsBoxes={showsBoxes}
        onShowBoxes={setShowsBoxes}
        showsRejected={showsRejected}
        onShowRejected={setShowsRejected}
      />
      <div
        ref={frame}
        className={styles.frame}
        role="application"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys work on what it shows
        tabIndex={0}
        aria-label={texts.stage.title}
        aria-describedby={marking === null ? undefined : description}
        data-tool={marking?.tool ?? "select"}
        data-still={isFitted && !isDrawing && !marking?.selected}
        onKeyDown={onKeyDown}
        onPointerDown={gestures.onPointerDown}
        onPointerMove={gestures.onPointerMove}
        onPointerUp={gestures.onPointerUp}
        onPointerCancel={gestures.onPointerCancel}
      >
        {view !== null && (
          <>
            <Picture source={source} name={name} picture={picture} view={view} />
            {marking !== null && showsBoxes && (
              <Boxes
                findings={marking.findings.filter(
                  ({ key, verdict }) =>
                    showsRejected || verdict !== "rejected" || key === marking.selected?.key,
                )}
                view={view}
                sketch={gestures.sketch}
                selectedKey={marking.selected?.key ?? null}
                hovered={marking.hovered}
                newLabel={marking.newLabel}
                mayEdit={mayEdit}
                isDrawing={isDrawing}
                colourOf={colourOf}
                onHover={marking.hover}
              />
            )}
          </>
        )}
        {isDrawing && <p className={styles.hint}>{texts.stage.drawHint}</p>}
        <p id={description} hidden>
          {texts.stage.describe}
        </p>
      </div>
    </div>
  );
}

interface PictureProps {
  source: string;
  name: string;
  picture: Size;
  view: { scale: number; x: number; y: number };
}

function Picture({ source, name, picture, view }: PictureProps) {
  const [failed, setFailed] = useState(false);
  if (failed) return <p className={styles.missing}>{texts.predict.noPicture}</p>;
  return (
    <img
      className={styles.picture}
      src={source}
      alt={texts.predict.picture(name)}
      draggable={false}
      data-magnified={view.scale > 6}
      style={{
        width: picture.width * view.scale,
        height: picture.height * view.scale,
        transform: `translate(${view.x}px, ${view.y}px)`,
      }}
      onError={() => setFailed(true)}
    />
  );
}
