// The boxes over the picture, drawn in screen pixels so that lines stay fine at any zoom.

import { area, type Box, HANDLES, type Handle } from "../domain/geometry";
import type { Finding } from "../domain/review";
import { onStage, type View } from "../domain/view";
import styles from "./Boxes.module.css";
import type { Sketch } from "./useGestures";

interface BoxesProps {
  findings: readonly Finding[];
  view: View;
  sketch: Sketch | null;
  selectedKey: string | null;
  hovered: string | null;
  // The label and so the colour of a box that is being drawn.
  newLabel: string;
  mayEdit: boolean;
  isDrawing: boolean;
  colourOf: (label: string) => string;
  onHover: (key: string | null) => void;
}

// With so few boxes all carry their label; with more only the selected and the hovered one do.
const FEW = 6;

export function Boxes(props: BoxesProps) {
  const { view, sketch, selectedKey, hovered, newLabel, mayEdit, isDrawing, colourOf } = props;
  const shown = inLayers(props.findings, sketch, selectedKey);
  const selected = shown.find(({ key }) => key === selectedKey);
  const tagged = shown.filter(
    ({ key }) => shown.length <= FEW || key === selectedKey || key === hovered,
  );
  return (
    <>
      <svg className={styles.layer} data-drawing={isDrawing} aria-hidden="true">
        {shown.map((finding) => (
          <BoxShape
            key={finding.key}
            finding={finding}
            view={view}
            colour={colourOf(finding.label)}
            isSelected={finding.key === selectedKey}
            isHovered={finding.key === hovered}
            mayEdit={mayEdit}
            onHover={props.onHover}
          />
        ))}
        {sketch?.key === null && (
          <g className={styles.box} data-selected="true" style={{ color: colourOf(newLabel) }}>
            <Frame box={sketch.box} view={view} />
          </g>
        )}
        {mayEdit && !isDrawing && selected !== undefined && (
          <Handles box={selected.box} view={view} colour={colourOf(selected.label)} />
        )}
      </svg>
      {tagged.map((finding) => (
        <Tag
          key={finding.key}
          finding={finding}
          view={view}
          colour={colourOf(finding.label)}
          isStrong={finding.key === selectedKey || finding.key === hovered}
        />
      ))}
    </>
  );
}

type Drawn = Finding & { readonly box: Box };

// The large ones below, so that a small box within them can be reached; the selected one on top.
function inLayers(
  findings: readonly Finding[],
  sketch: Sketch | null,
  selectedKey: string | null,
): Drawn[] {
  return findings
    .map((one) => (sketch !== null && one.key === sketch.key ? { ...one, box: sketch.box } : one))
    .filter((one): one is Drawn => one.box !== null)
    .sort((a, b) => {
      const top = Number(a.key === selectedKey) - Number(b.key === selectedKey);
      return top || area(b.box) - area(a.box);
    });
}

interface BoxShapeProps {
  finding: Drawn;
  view: View;
  colour: string;
  isSelected: boolean;
  isHovered: boolean;
  mayEdit: boolean;
  onHover: (key: string | null) => void;
}

function BoxShape({
  finding,
  view,
  colour,
  isSelected,
  isHovered,
  mayEdit,
  onHover,
}: BoxShapeProps) {
  return (
    <g
      className={styles.box}
      data-selected={isSelected}
      data-hovered={isHovered}
      data-movable={isSelected && mayEdit}
      data-source={finding.source}
      data-verdict={finding.verdict}
      data-label={finding.label}
      style={{ color: colour }}
    >
      <Frame box={finding.box} view={view} />
      <rect
        {...onStage(view, finding.box)}
        className={styles.area}
        data-key={finding.key}
        onPointerEnter={() => onHover(finding.key)}
        onPointerLeave={() => onHover(null)}
      />
    </g>
  );
}

// A bright line on a dark one, to be seen on any picture.
function Frame({ box, view }: { box: Box; view: View }) {
  const place = onStage(view, box);
  return (
    <>
      <rect {...place} rx="1.5" className={styles.halo} />
      <rect {...place} rx="1.5" className={styles.line} />
    </>
  );
}

const CURSORS: Record<Handle, string> = {
  n: "ns-resize",
  s: "ns-resize",
  e: "ew-resize",
  w: "ew-resize",
  nw: "nwse-resize",
  se: "nwse-resize",
  ne: "nesw-resize",
  sw: "nesw-resize",
};

function Handles({ box, view, colour }: { box: Box; view: View; colour: string }) {
  const { x, y, width, height } = onStage(view, box);
  const isSmall = Math.min(width, height) < 36;
  return HANDLES.filter((handle) => handle.length === 2 || !isSmall).map((handle) => {
    const at = {
      x: x + (handle.includes("w") ? 0 : handle.includes("e") ? width : width / 2),
      y: y + (handle.includes("n") ? 0 : handle.includes("s") ? height : height / 2),
    };
    return (
      <g key={handle} style={{ color: colour, cursor: CURSORS[handle] }}>
        <rect x={at.x - 4} y={at.y - 4} width="8" height="8" rx="2" className={styles.handle} />
        <rect
          x={at.x - 10}
          y={at.y - 10}
          width="20"
          height="20"
          className={styles.grip}
          data-handle={handle}
        />
      </g>
    );
  });
}

interface TagProps {
  finding: Drawn;
  view: View;
  colour: string;
  isStrong: boolean;
}

function Tag({ finding, view, colour, isStrong }: TagProps) {
  const { x, y } = onStage(view, finding.box);
  return (
    <span
      className={styles.tag}
      data-strong={isStrong}
      data-verdict={finding.verdict}
      style={{ background: colour, transform: `translate(${x}px, ${y}px) translateY(-100%)` }}
      aria-hidden="true"
    >
      {finding.label}
      {finding.score === null ? "" : ` ${Math.round(finding.score * 100)}`}
    </span>
  );
}
