// How far the application is reviewed, and how fast.

import type { Progress } from "../api/queue";
import { nameOf } from "../domain/people";
import { texts } from "../texts";
import styles from "./ProgressBar.module.css";

export function ProgressBar({ progress }: { progress: Progress }) {
  const { remaining, reviewed, reviewed_today, mine_today, seconds_per_image } = progress;
  const all = remaining + reviewed;
  const share = all === 0 ? 0 : reviewed / all;
  const others = progress.reviewers
    .filter(({ today }) => today > 0)
    .map(({ name, today }) => texts.queue.by(nameOf(name), today));
  return (
    <section className={styles.progress} aria-label={texts.queue.progress}>
      <p className={styles.line}>
        <b>{texts.queue.remaining(remaining)}</b>
        <span>{texts.queue.reviewed(reviewed, all)}</span>
      </p>
      <div
        className={styles.track}
        role="progressbar"
        aria-label={texts.queue.progress}
        aria-valuemin={0}
        aria-valuemax={all}
        aria-valuenow={reviewed}
      >
        <div className={styles.fill} style={{ width: `${100 * share}%` }} />
      </div>
      <p className={styles.line} title={others.join(", ")}>
        <span>{texts.queue.today(mine_today, reviewed_today)}</span>
        {seconds_per_image !== null && <span>{texts.queue.pace(seconds_per_image)}</span>}
      </p>
    </section>
  );
}
