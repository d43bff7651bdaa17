// Below the findings: accept and go on, done as it is, skip, back; each with its key.

import { type Finding, isTruth } from "../domain/review";
import { texts } from "../texts";
import { Button } from "../ui/Button";
import { SaveState } from "../workspace/SaveState";
import type { ReviewDesk } from "../workspace/useReview";
import styles from "./FlowBar.module.css";

// Where one can go from an image.
export interface Ways {
  onDone: () => void;
  onSkip: () => void;
  // Null on the first one.
  onBack: (() => void) | null;
}

interface FlowBarProps extends Ways {
  review: ReviewDesk;
  isDetection: boolean;
}

export function FlowBar({ review, isDetection, ...ways }: FlowBarProps) {
  const open = openOf(review);
  const isBlocked = isUnlabelled(review, isDetection);
  return (
    <section className={styles.bar} aria-label={texts.queue.title}>
      <p className={styles.hint} role="status">
        {isBlocked ? texts.review.unlabelled : hintOf(review, open.length, isDetection)}
      </p>
      <Button
        kind="primary"
        icon="check"
        className={styles.main}
        disabled={isBlocked}
        aria-keyshortcuts="Space A"
        onClick={() => accept(review, isDetection, ways)}
      >
        {isDetection && open.length > 0 ? texts.queue.accept(open.length) : texts.queue.next}
        <kbd className={styles.key}>{texts.queue.space}</kbd>
      </Button>
      <div className={styles.ways}>
        <Way name={texts.queue.back} shortcut="B" onClick={ways.onBack} />
        <Way name={texts.queue.skip} shortcut="S" onClick={ways.onSkip} />
        <Way
          name={texts.queue.asItIs}
          shortcut="C"
          onClick={isBlocked ? null : () => goOn(review, [], ways)}
        />
      </div>
      <SaveState review={review} />
    </section>
  );
}

interface WayProps {
  name: string;
  shortcut: string;
  onClick: (() => void) | null;
}

function Way({ name, shortcut, onClick }: WayProps) {
  return (
    <Button aria-keyshortcuts={shortcut} disabled={onClick === null} onClick={onClick ?? undefined}>
      {name}
      <kbd className={styles.key}>{shortcut}</kbd>
    </Button>
  );
}

// Whether the key leads on from the image.
export function flowKey(
  event: KeyboardEvent,
  review: ReviewDesk,
  isDetection: boolean,
  ways: Ways,
): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return false;
  const key = event.key.toLowerCase();
  if (key === "s") ways.onSkip();
  else if (key === "b") ways.onBack?.();
  else if (isUnlabelled(review, isDetection)) return false;
  else if (key === " " || key === "a") accept(review, isDetection, ways);
  else if (key === "c") goOn(review, [], ways);
  else return false;
  return true;
}

// Confirms what is open, says that the image is done, and goes on.
function accept(review: ReviewDesk, isDetection: boolean, ways: Ways): void {
  goOn(review, isDetection ? openOf(review) : [], ways);
}

function goOn(review: ReviewDesk, confirming: readonly Finding[], ways: Ways): void {
  complete(review, confirming);
  ways.onDone();
}

// An image that was done before is not said to be so again, unless something was changed.
export function complete(review: ReviewDesk, confirming: readonly Finding[]): void {
  if (!review.done || confirming.length > 0) review.complete(confirming);
}

export function openOf({ findings }: ReviewDesk): Finding[] {
  return findings.filter(({ verdict, source }) => verdict === "open" && source === "prediction");
}

// Of a classification, "nothing in it" is no truth.
function isUnlabelled({ findings }: ReviewDesk, isDetection: boolean): boolean {
  return !isDetection && !findings.some(isTruth);
}

function hintOf(review: ReviewDesk, open: number, isDetection: boolean): string {
  if (isDetection && open > 0) return texts.queue.open(open);
  if (review.done) return texts.review.doneHint;
  return review.findings.some(isTruth) ? texts.review.ready : texts.review.empty;
}
