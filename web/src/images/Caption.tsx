// What is in an image, under its picture: how many of each label, and how that stands to the truth.

import type { ImageCard } from "../api/images";
import { texts } from "../texts";
import { Icon } from "../ui/Icon";
import { Swatch } from "../ui/Select";
import styles from "./Caption.module.css";
import { OutcomeMark } from "./OutcomeMark";

interface CaptionProps {
  card: ImageCard | undefined;
  colourOf: (label: string) => string;
}

export function Caption({ card, colourOf }: CaptionProps) {
  if (card === undefined) return <div className={styles.caption} />;
  const labels = labelsOf(card);
  return (
    <div className={styles.caption} aria-hidden="true">
      <span className={styles.labels}>
        {labels.length === 0 && <span className={styles.none}>{emptyOf(card)}</span>}
        {labels.map(([label, number]) => (
          <span key={label} className={styles.label} title={label}>
            <Swatch colour={colourOf(label)} />
            {hasBoxes(card) ? number : scored(card, label)}
          </span>
        ))}
      </span>
      {card.fp !== null && card.fp > 0 && (
        <span className={styles.wrong} title={texts.outcomes.counts.fp(card.fp)}>
          <OutcomeMark mark="fp" size={12} />
          {card.fp}
        </span>
      )}
      {card.fn !== null && card.fn > 0 && (
        <span className={styles.wrong} title={texts.outcomes.counts.fn(card.fn)}>
          <OutcomeMark mark="fn" size={12} />
          {card.fn}
        </span>
      )}
      {card.reviewed && (
        <span className={styles.reviewed} title={texts.grid.reviewed}>
          <Icon name="check" size={14} />
        </span>
      )}
    </div>
  );
}

// The same in words.
export function saidOf(card: ImageCard): string[] {
  const labels = labelsOf(card).map(([label, number]) => texts.grid.labelled(label, number));
  return [
    ...(labels.length === 0 ? [emptyOf(card)] : labels),
    ...(card.fp ? [texts.outcomes.counts.fp(card.fp)] : []),
    ...(card.fn ? [texts.outcomes.counts.fn(card.fn)] : []),
    ...(card.reviewed ? [texts.grid.reviewed] : []),
    ...(card.requested ? [texts.grid.requested] : []),
  ];
}

// How often the model found each label; the labels of the truth where it found nothing.
function labelsOf(card: ImageCard): [string, number][] {
  const counts = new Map<string, number>();
  for (const { label, outcome } of card.boxes) {
    if (outcome !== "fn") counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  if (counts.size === 0) return card.labels.map((label) => [label, 1]);
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}

function hasBoxes({ boxes }: ImageCard): boolean {
  return boxes.some(({ box }) => box !== null);
}

function scored({ best }: ImageCard, label: string): string {
  return best?.label === label ? `${label} ${texts.findings.score(best.score)}` : label;
}

function emptyOf({ inference_id, model_version }: ImageCard): string {
  const hasPrediction = inference_id !== null && model_version !== null;
  return hasPrediction ? texts.grid.noBoxes : texts.grid.noModel;
}
