// One person's words on a picture: what they differ on is numbered, the rest is faint.

import { pictureAddress } from "../api/queries";
import type { App } from "../api/types";
import { colourOf } from "../domain/colours";
import { area } from "../domain/geometry";
import type { Finding } from "../domain/review";
import type { Subject } from "../domain/subject";
import { texts } from "../texts";
import { Select } from "../ui/Select";
import { DISPLAY_SIZE } from "../workspace/Workspace";
import styles from "./Compare.module.css";

interface ComparedPictureProps {
  app: App;
  subject: Subject;
  name: string;
  // Those who can be shown here.
  people: readonly string[];
  onName: (name: string) => void;
  findings: readonly Finding[];
  // The keys of what is differed on, in the order of the list.
  marks: readonly string[];
  chosen: number;
  onChoose: (index: number) => void;
}

export function ComparedPicture(props: ComparedPictureProps) {
  const { app, subject, name, people, findings, marks } = props;
  const { width, height } = subject;
  const shown = findings
    .filter(
      ({ key, box, verdict }) => box !== null && (verdict !== "rejected" || marks.includes(key)),
    )
    .sort((a, b) => area(b.box ?? [0, 0, 0, 0]) - area(a.box ?? [0, 0, 0, 0]));
  const numbered = shown
    .map((finding) => ({ finding, index: marks.indexOf(finding.key) }))
    .filter(({ index }) => index >= 0)
    .sort((a, b) => a.index - b.index);
  const size = Math.max(width, height) / 28;
  return (
    <figure className={styles.side} aria-label={texts.queue.seenBy(name)}>
      <figcaption className={styles.name}>
        {people.length > 1 ? (
          <Select
            quiet
            name={texts.queue.person}
            value={name}
            options={people}
            onChange={props.onName}
          />
        ) : (
          name
        )}
      </figcaption>
      <div className={styles.frame}>
        <svg className={styles.picture} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
          <image
            href={pictureAddress(subject.object_id, DISPLAY_SIZE)}
            width={width}
            height={height}
            preserveAspectRatio="none"
          />
          {shown.map((finding) => (
            <Shape
              key={finding.key}
              {...props}
              finding={finding}
              index={marks.indexOf(finding.key)}
              colour={colourOf(finding.label, app.labels)}
            />
          ))}
          {numbered.map(({ finding, index }, at) => {
            // Beside those of boxes that begin at the same corner.
            const [x, y] = cornerOf(finding);
            const near = numbered
              .slice(0, at)
              .map((one) => cornerOf(one.finding))
              .filter((other) => Math.hypot(x - other[0], y - other[1]) < size);
            const [left, top] = near[0] ?? [x, y];
            return (
              <text
                key={finding.key}
                x={left + size * (0.3 + 0.9 * near.length)}
                y={top + size * 1.05}
                fontSize={size}
                className={styles.number}
                data-chosen={index === props.chosen}
              >
                {index + 1}
              </text>
            );
          })}
        </svg>
      </div>
    </figure>
  );
}

interface ShapeProps extends ComparedPictureProps {
  finding: Finding;
  // Its place in the list of differences, or -1.
  index: number;
  colour: string;
}

function cornerOf({ box }: Finding): readonly [number, number] {
  return box === null ? [0, 0] : [box[0], box[1]];
}

function Shape({ finding, index, colour, chosen, onChoose }: ShapeProps) {
  const [x, y, right, bottom] = finding.box ?? [0, 0, 0, 0];
  const place = { x, y, width: right - x, height: bottom - y };
  return (
    <g
      className={styles.box}
      data-differs={index >= 0}
      data-chosen={index === chosen}
      data-verdict={finding.verdict}
      style={{ color: colour }}
    >
      <rect {...place} className={styles.halo} />
      <rect {...place} className={styles.line} />
      {finding.verdict === "rejected" && (
        <path d={`M${x} ${y}L${right} ${bottom}M${right} ${y}L${x} ${bottom}`} />
      )}
      {index >= 0 && (
        <rect {...place} className={styles.area} onPointerDown={() => onChoose(index)} />
      )}
    </g>
  );
}
