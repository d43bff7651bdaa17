// Under an image: which boxes are shown, and how each kind is drawn.

import type { CardBox } from "../api/images";
import { texts } from "../texts";
import { Checkbox } from "../ui/Checkbox";
import { Swatch } from "../ui/Select";
import styles from "./Legend.module.css";
import { type Mark, markOf } from "./marks";
import { OutcomeMark } from "./OutcomeMark";

export interface Shows {
  readonly predictions: boolean;
  readonly truth: boolean;
}

interface LegendProps {
  // All boxes, those that are not shown too.
  boxes: readonly CardBox[];
  shows: Shows;
  onShows: (shows: Shows) => void;
  colourOf: (label: string) => string;
}

const MARKS: readonly Mark[] = ["tp", "fp", "fn", "open"];

export function Legend({ boxes, shows, onShows, colourOf }: LegendProps) {
  const isReviewed = !boxes.some(({ outcome }) => outcome === null);
  const marks = MARKS.map((mark) => ({
    mark,
    number: boxes.filter((each) => markOf(each) === mark).length,
  })).filter(({ number }) => number > 0);
  const labels = [...new Set(boxes.map(({ label }) => label))].sort();
  return (
    <div className={styles.legend}>
      <fieldset className={styles.toggles}>
        <legend className="visually-hidden">{texts.image.boxes}</legend>
        <Checkbox
          checked={shows.predictions}
          onChange={(predictions) => onShows({ ...shows, predictions })}
        >
          {texts.image.predictions}
        </Checkbox>
        <Checkbox
          checked={shows.truth && isReviewed}
          disabled={!isReviewed}
          onChange={(truth) => onShows({ ...shows, truth })}
        >
          {texts.image.truth}
        </Checkbox>
      </fieldset>
      <ul className={styles.list} aria-label={texts.image.legend}>
        {labels.map((label) => (
          <li key={label}>
            <Swatch colour={colourOf(label)} />
            {label}
          </li>
        ))}
        {marks.map(({ mark, number }) => (
          <li key={mark}>
            <OutcomeMark mark={mark} />
            {texts.outcomes[mark]} {number}
          </li>
        ))}
      </ul>
    </div>
  );
}
