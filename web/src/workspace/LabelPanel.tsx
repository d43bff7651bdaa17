// Beside a picture of a classification: how sure the model is of each label, and which is true.

import type { App, Inference } from "../api/types";
import { colourOf } from "../domain/colours";
import { type Finding, isTruth } from "../domain/review";
import { texts } from "../texts";
import { Icon } from "../ui/Icon";
import { Notice } from "../ui/Notice";
import styles from "./LabelPanel.module.css";
import type { ReviewDesk } from "./useReview";

interface LabelPanelProps {
  app: App;
  inference: Inference;
  review: ReviewDesk;
}

export function LabelPanel({ app, inference, review }: LabelPanelProps) {
  const truth = review.findings.find(isTruth)?.label ?? null;
  const known = inference.candidates ?? inference.predictions;
  const scores = new Map(known.map(({ label, score }) => [label, score]));
  const labels = [...app.labels].sort((a, b) => (scores.get(b) ?? 0) - (scores.get(a) ?? 0));
  return (
    <section className={styles.section} aria-labelledby="labels">
      {inference.model_version === null && inference.predictions.length === 0 && (
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
              onClick={() => choose(review, label)}
            >
              <span className={styles.label}>{label}</span>
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

// A picture has one true label: it is said of what was said before, or else of the best prediction.
function choose(review: ReviewDesk, label: string): void {
  const about = review.findings.find(isTruth) ?? bestOf(review.findings);
  if (about === undefined) review.add(label, null);
  else if (about.label !== label || about.verdict === "rejected") {
    review.correct(about, label, null);
  } else if (about.verdict === "open") review.confirm(about);
}

function bestOf(findings: readonly Finding[]): Finding | undefined {
  return findings.find(({ source }) => source !== "candidate");
}
