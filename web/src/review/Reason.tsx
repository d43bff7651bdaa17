// Above the findings: why this image is in the queue, and what it was answered with.

import type { QueueItem } from "../api/queue";
import type { Subject } from "../domain/subject";
import { texts } from "../texts";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { Facts } from "../workspace/Facts";
import styles from "./Reason.module.css";

interface ReasonProps {
  item: QueueItem;
  subject: Subject;
  heldBy: string | null;
  // Whether two people are laid side by side; `onCompare` is null where there are no two.
  compares: boolean;
  onCompare: ((compares: boolean) => void) | null;
}

export function Reason({ item, subject, heldBy, compares, onCompare }: ReasonProps) {
  return (
    <div>
      <Facts subject={subject} />
      <p className={styles.reason}>
        <span className={styles.chip}>{texts.queue.strategies[item.reason]}</span>
        {item.detail}
      </p>
      {heldBy !== null && (
        <p className={styles.held} role="status">
          <Icon name="people" />
          {texts.queue.lost(heldBy)}
        </p>
      )}
      {onCompare !== null && (
        <div className={styles.compare}>
          <Button icon="people" onClick={() => onCompare(!compares)}>
            {compares ? texts.queue.single : texts.queue.compare}
          </Button>
        </div>
      )}
    </div>
  );
}
