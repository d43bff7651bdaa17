// Where the review stands: what is open, what is saved, and the word that it is done.

import { isTruth } from "../domain/review";
import { texts } from "../texts";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import styles from "./ReviewBar.module.css";
import { SaveState } from "./SaveState";
import type { ReviewDesk } from "./useReview";

export function ReviewBar({ review, isDetection }: { review: ReviewDesk; isDetection: boolean }) {
  if (!review.mayEdit) {
    const hint = texts.review.readOnly(texts.shell.roles[review.role]);
    return <p className={styles.readOnly}>{hint}</p>;
  }
  const open = review.findings.filter(
    ({ verdict, source }) => verdict === "open" && source === "prediction",
  );
  // Of a classification, "nothing in it" is no truth.
  const isUnlabelled = !isDetection && !review.findings.some(isTruth);
  return (
    <section className={styles.bar} aria-label={texts.review.title}>
      <p className={styles.hint}>
        {isUnlabelled ? texts.review.unlabelled : hintOf(review, isDetection ? open.length : 0)}
      </p>
      <div className={styles.buttons}>
        {isDetection && open.length > 0 && (
          <Button onClick={() => review.confirm(...open)}>
            {texts.review.confirmAll(open.length)}
          </Button>
        )}
        {review.done ? (
          <span className={styles.done}>
            <Icon name="check" />
            {texts.review.done}
          </span>
        ) : (
          <Button
            kind="primary"
            icon="check"
            disabled={isUnlabelled}
            onClick={() => review.complete()}
          >
            {texts.review.complete}
          </Button>
        )}
      </div>
      <SaveState review={review} />
    </section>
  );
}

function hintOf(review: ReviewDesk, open: number): string {
  if (open > 0) return texts.review.open(open);
  if (review.done) return texts.review.doneHint;
  return review.findings.some(isTruth) ? texts.review.ready : texts.review.empty;
}
