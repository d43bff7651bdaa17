// The stage: a picture to zoom and move, with boxes over it to select, drag and draw.

import {
  type ReactNode,
  type Ref,
  useId,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
} from "react";
import { type Box, moved, resized, type Size, SMALLEST_SIDE } from "../domain/geometry";
import { toPicture } from "../domain/view";
import { isNothing } from "../picture/look";
import { ToneFilter } from "../picture/ToneFilter";
import type { PictureLook } from "../picture/useLook";
import { useLookDrag } from "../picture/useLookDrag";
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
  // Where the picture can be looked at through a window; its source then goes before.
  look?: PictureLook;
  picture: Size;
  name: string;
  // What it is called where it is one of several: then it has no bar of its own, and Tab and the
  // arrows lead on to the next one.
  among?: string;
  labels: readonly string[];
  // Null where the application knows no boxes.
  marking: Marking | null;
  mayEdit: boolean;
  // Opens the sheet of keys, from the bar.
  onKeys?: () => void;
  colourOf: (label: string) => string;
  // What else the bar holds.
  tools?: ReactNode;
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
  const { source, picture, name, among, marking, mayEdit, colourOf } = props;
  const frame = useRef<HTMLDivElement>(null);
  const description = useId();
  const stageView = useView(frame, picture);
  const { view, zoom, pan, showAll, isFitted } = stageView;
  useWheel(frame, zoom);
  useLookDrag(frame, props.look);
  const gestures = useGestures({ marking, mayEdit, picture, stageView });
  const [showsRejected, setShowsRejected] = useState(false);
  const [showsBoxes, setShowsBoxes] = useState(true);
  const isDrawing = marking?.tool === "draw";
  const selectedKey = marking?.selected?.key ?? null;
  const findings = marking?.findings;
  const drawn = useMemo(
    () =>
      (findings ?? []).filter(
        ({ key, verdict }) => showsRejected || verdict !== "rejected" || key === selectedKey,
      ),
    [findings, showsRejected, selectedKey],
  );

  const onKey = (event: KeyboardEvent): boolean => {
    const { key } = event;
    const arrow = ARROWS[key];
    if (arrow !== undefined) return onArrow(event, arrow);
    if (key === "Escape") return gestures.cancel();
    if (key === "Tab" && among === undefined) {
      return event.target === frame.current && marking?.step(event.shiftKey ? -1 : 1) === true;
    }
    if (key === "+" || key === "=") zoom(ZOOM_STEP);
    else if (key === "-") zoom(1 / ZOOM_STEP);
    else if (key === "0") showAll();
    else if (key === "h" && marking !== null) setShowsBoxes(!showsBoxes);
    else if (key === "Enter" && isDrawing) marking?.draw(middleOf());
    else return false;
    return true;
  };
  useImperativeHandle(props.ref, () => ({ onKey }));

  const onArrow = (event: KeyboardEvent, [x, y]: readonly [number, number]): boolean => {
    const box = marking?.selected?.box ?? null;
    if (marking?.selected && box !== null && mayEdit && !isDrawing) {
      const by = event.shiftKey ? 10 : 1;
      const change = event.altKey
        ? grown(box, x * by, y * by, picture)
        : moved(box, x * by, y * by, picture);
      marking.setBox(marking.selected, change);
      return true;
    }
    if (event.target !== frame.current || (among !== undefined && isFitted)) return false;
    pan(-x * PAN_STEP, -y * PAN_STEP);
    return true;
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
    <div className={styles.stage} data-among={among !== undefined}>
      {among === undefined && (
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
      )}
      <div
        ref={frame}
        className={styles.frame}
        role="application"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys work on what it shows
        tabIndex={0}
        aria-label={among ?? texts.stage.title}
        aria-describedby={marking === null ? undefined : description}
        data-tool={marking?.tool ?? "select"}
        data-still={isFitted && !isDrawing && !marking?.selected}
        data-ground={mayEdit && marking !== null && isFitted ? "draw" : "pan"}
        onPointerDown={gestures.onPointerDown}
        onPointerMove={gestures.onPointerMove}
        onPointerUp={gestures.onPointerUp}
        onPointerCancel={gestures.onPointerCancel}
      >
        {view !== null && (
          <>
            <Picture
              source={props.look?.source ?? source}
              look={props.look}
              name={name}
              picture={picture}
              view={view}
            />
            {marking !== null && showsBoxes && (
              <Boxes
                findings={drawn}
                view={view}
                pad={gestures.pad}
                selectedKey={selectedKey}
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
          {among === undefined ? texts.stage.describe : texts.stage.describeAmong}
        </p>
      </div>
    </div>
  );
}

// Its lower right corner moved, as far as the box stays one.
function grown([left, top, right, bottom]: Box, dx: number, dy: number, picture: Size): Box {
  const x = Math.max(dx, left + SMALLEST_SIDE - right);
  const y = Math.max(dy, top + SMALLEST_SIDE - bottom);
  return resized([left, top, right, bottom], "se", x, y, picture);
}

interface PictureProps {
  source: string;
  look: PictureLook | undefined;
  name: string;
  picture: Size;
  view: { scale: number; x: number; y: number };
}

function Picture({ source, look, name, picture, view }: PictureProps) {
  const [failed, setFailed] = useState(false);
  const filter = useId();
  const isToned = look !== undefined && !isNothing(look.tone);
  if (failed) return <p className={styles.missing}>{texts.predict.noPicture}</p>;
  return (
    <>
      {isToned && <ToneFilter id={filter} tone={look.tone} />}
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
          filter: isToned ? `url(#${filter})` : undefined,
        }}
        onLoad={() => look?.onShown(source)}
        onError={() => setFailed(true)}
      />
    </>
  );
}
