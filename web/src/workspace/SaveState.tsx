// Whether what was said is kept, and what can be done where it is not.

import { useDesk } from "../shell/desk";
import { useStore } from "../state/store";
import { texts } from "../texts";
import { Button } from "../ui/Button";
import styles from "./SaveState.module.css";
import type { ReviewDesk } from "./useReview";

type Saving = Pick<ReviewDesk, "unsaved" | "phase" | "retry" | "discard">;

export function SaveState({ review }: { review: Saving }) {
  const { changes } = useStore(useDesk().outbox);
  const { unsaved, phase, retry, discard } = review;
  const refused = unsaved.find(({ problem }) => problem !== null);
  if (refused !== undefined) {
    return (
      <div className={styles.problem} role="alert">
        <p>{texts.review.refused(refused.problem ?? "")}</p>
        <Button kind="quiet" onClick={retry}>
          {texts.review.retry}
        </Button>
        <Button kind="quiet" onClick={discard}>
          {texts.review.discard}
        </Button>
      </div>
    );
  }
  if (unsaved.length > 0 && phase === "unreachable") {
    return (
      <div className={styles.problem} role="alert">
        <p>{texts.review.unreachable}</p>
        <Button kind="quiet" onClick={retry}>
          {texts.review.retry}
        </Button>
      </div>
    );
  }
  // What was said of images that one has left.
  const elsewhere = changes.length - unsaved.length;
  if (elsewhere > 0 && phase === "unreachable") {
    return (
      <p className={styles.problem} role="alert">
        {texts.review.waiting(elsewhere)}
      </p>
    );
  }
  const state = changes.length > 0 ? "saving" : "saved";
  return (
    <p className={styles.state} data-state={state} role="status">
      {texts.review[state]}
    </p>
  );
}
