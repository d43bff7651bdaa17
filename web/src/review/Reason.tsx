// Above the findings: why this image is in the queue, and what it was answered with.

import type { QueueItem } from "../api/queue";
import type { Subject } from "../domain/subject";
import { texts } from "../texts";
import { Icon } from "../ui/Icon";
import { Facts } from "../workspace/Facts";
import styles from "./Reason.module.css";

interface ReasonProps {
  item: QueueItem;
  subject: Subject;
  heldBy: string | null;
}

export function Reason({ item, subject, heldBy }: ReasonProps) {
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
    </div>
  );
}
