// Beside a picture of a classification: how sure the model is of each label, and which is true.

import type { App } from "../api/types";
import { colourOf } from "../domain/colours";
import { type Finding, isTruth } from "../domain/review";
import type { Subject } from "../domain/subject";
import { texts } from "../texts";
import { Icon } from "../ui/Icon";
import { Notice } from "../ui/Notice";
import styles from "./LabelPanel.module.css";
import type { ReviewDesk } from "./useReview";

interface LabelPanelProps {
  app: App;
  subject: Subject;
  review: ReviewDesk;
}

export function LabelPanel({ app, subject, review }: LabelPanelProps) {
  const truth = review.findings.find(isTruth)?.label ?? null;
  const known = [...(subject.candidates ?? []), ...subject.predictions];
  const scores = new Map(known.map(({ label, score }) => [label, score]));
  const labels = [...app.labels].sort((a, b) => (scores.get(b) ?? 0) - (scores.get(a) ?? 0));
  return (
    <section className={styles.section} aria-labelledby="labels">
      {subject.model_version === null && subject.predictions.length === 0 && (
        <Notice title={texts.predict.noModel}>{texts.predict.noModelHint(app.app)}</Notice>
      )}
      <h2 id="labels" className={styles.title}>
        {review.mayEdit ? texts.review.truth : texts.findings.labels}
      </h2>
      <ul className={styles.list}>
        {labels.map((label) => (
          <li key={label}>
            <button
              type="button"
              className={styles.bar}
              disabled={!review.mayEdit}
              aria-pressed={truth === label}
              onClick={() => review.label(label)}
            >
              <span className={styles.label}>
                {label}
                {review.mayEdit && <kbd className={styles.key}>{keyOf(label, app.labels)}</kbd>}
              </span>
              {truth === label && <Icon name="check" />}
              <span className={styles.score}>{shown(scores.get(label))}</span>
              <span className={styles.track}>
                <span
                  className={styles.fill}
                  style={{
                    width: `${100 * (scores.get(label) ?? 0)}%`,
                    background: colourOf(label, app.labels),
                  }}
                />
              </span>
            </button>
          </li>
        ))}
      </ul>
      {review.mayEdit && <p className={styles.hint}>{texts.review.truthHint}</p>}
    </section>
  );
}

function shown(score: number | undefined): string {
  return score === undefined ? "" : texts.findings.score(score);
}

// Number keys say the true label, Enter the predicted one; control with Z takes it back.
export function labelByKey(
  event: KeyboardEvent,
  review: ReviewDesk,
  labels: readonly string[],
): boolean {
  if (!review.mayEdit) return false;
  const key = event.key.toLowerCase();
  const best = bestOf(review.findings)?.label;
  if (event.ctrlKey || event.metaKey) {
    if (key === "z" && !event.shiftKey) review.undo();
    else if (key === "z" || key === "y") review.redo();
    else return false;
    return true;
  }
  const label = key === "enter" ? best : labels[/^[1-9]$/.test(key) ? Number(key) - 1 : -1];
  if (label === undefined) return false;
  review.label(label);
  return true;
}

// The number key of a label; those after the ninth have none.
function keyOf(label: string, known: readonly string[]): number | null {
  const index = known.indexOf(label);
  return index < 9 ? index + 1 : null;
}

function bestOf(findings: readonly Finding[]): Finding | undefined {
  return findings.find(({ source }) => source !== "candidate");
}
