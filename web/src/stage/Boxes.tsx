// The boxes over the picture. They lie in pixels of the picture under one transformation, with
// lines that stay fine at any zoom, so that zooming and dragging draw none of the others anew.

import { memo, useMemo, useSyncExternalStore } from "react";
import { area, type Box } from "../domain/geometry";
import type { Finding } from "../domain/review";
import { onStage, type View } from "../domain/view";
import { useStore } from "../state/store";
import styles from "./Boxes.module.css";
import { BoxLabels } from "./BoxLabels";
import { Handles, OuterGrips } from "./Handles";
import type { SketchPad } from "./sketch";

interface BoxesProps {
  findings: readonly Finding[];
  view: View;
  pad: SketchPad;
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
  const { findings, view, pad, selectedKey, hovered, mayEdit, isDrawing, colourOf } = props;
  const { onHover } = props;
  const dragged = useSyncExternalStore(pad.subscribe, () => pad.get()?.key ?? null);
  const shown = useMemo(() => inLayers(findings, selectedKey), [findings, selectedKey]);
  const isStrong = ({ key }: Drawn) => key === selectedKey || key === hovered;
  const still = shown.filter(({ key }) => key !== dragged);
  const held = mayEdit && !isDrawing ? still.filter(isStrong) : [];
  return (
    <>
      <svg className={styles.layer} data-drawing={isDrawing} aria-hidden="true">
        {held.map(({ key, box }) => (
          <OuterGrips key={key} name={key} place={onStage(view, box)} onHover={onHover} />
        ))}
        <g transform={`translate(${view.x} ${view.y}) scale(${view.scale})`}>
          {shown.map((finding) => (
            <BoxShape
              key={finding.key}
              finding={finding}
              colour={colourOf(finding.label)}
              isSelected={finding.key === selectedKey}
              isHovered={finding.key === hovered}
              isDragged={finding.key === dragged}
              mayEdit={mayEdit}
              onHover={onHover}
            />
          ))}
        </g>
        {held.map((one) => (
          <Handles
            key={one.key}
            name={one.key}
            place={onStage(view, one.box)}
            colour={colourOf(one.label)}
            onHover={onHover}
          />
        ))}
      </svg>
      <BoxLabels
        labels={still
          .filter((one) => shown.length <= FEW || isStrong(one))
          .map((one) => ({
            ...one,
            box: onStage(view, one.box),
            colour: colourOf(one.label),
            isStrong: isStrong(one),
          }))}
      />
      <Sketched {...props} />
    </>
  );
}

type Drawn = Finding & { readonly box: Box };

// The large ones below, so that a small box within them can be reached; the selected one on top.
function inLayers(findings: readonly Finding[], selectedKey: string | null): Drawn[] {
  return findings
    .filter((one): one is Drawn => one.box !== null)
    .sort((a, b) => {
      const top = Number(a.key === selectedKey) - Number(b.key === selectedKey);
      return top || area(b.box) - area(a.box);
    });
}

interface BoxShapeProps {
  finding: Drawn;
  colour: string;
  isSelected: boolean;
  isHovered: boolean;
  isDragged: boolean;
  mayEdit: boolean;
  onHover: (key: string | null) => void;
}

const BoxShape = memo(function BoxShape(props: BoxShapeProps) {
  const { finding, colour, onHover } = props;
  const [x, y, right, bottom] = finding.box;
  const place = { x, y, width: right - x, height: bottom - y };
  return (
    <g
      className={styles.box}
      data-selected={props.isSelected}
      data-hovered={props.isHovered}
      data-dragged={props.isDragged}
      data-movable={props.mayEdit}
      data-source={finding.source}
      data-verdict={finding.verdict}
      data-label={finding.label}
      style={{ color: colour }}
    >
      {/* A bright line on a dark one, to be seen on any picture. */}
      <rect {...place} className={styles.halo} />
      <rect {...place} className={styles.line} />
      {finding.verdict === "rejected" && (
        <path d={`M${x} ${y}L${right} ${bottom}M${right} ${y}L${x} ${bottom}`} />
      )}
      <rect
        {...place}
        className={styles.area}
        data-key={finding.key}
        onPointerEnter={() => onHover(finding.key)}
        onPointerLeave={() => onHover(null)}
      />
    </g>
  );
});

// The box in hand, in a layer of its own.
function Sketched({ pad, findings, view, newLabel, colourOf }: BoxesProps) {
  const sketch = useStore(pad);
  if (sketch === null) return null;
  const label = findings.find(({ key }) => key === sketch.key)?.label ?? newLabel;
  const { x, y, width, height } = onStage(view, sketch.box);
  return (
    <svg className={`${styles.layer} ${styles.sketch}`} aria-hidden="true">
      <g className={styles.box} data-selected="true" style={{ color: colourOf(label) }}>
        <rect {...{ x, y, width, height }} className={styles.halo} />
        <rect {...{ x, y, width, height }} className={styles.line} />
      </g>
    </svg>
  );
}
