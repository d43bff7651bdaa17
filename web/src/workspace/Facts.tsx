// What made the answer, in one line: model, time taken, size of the picture.

import type { Subject } from "../domain/subject";
import { fullTime, texts } from "../texts";
import styles from "./Facts.module.css";

export function Facts({ subject }: { subject: Subject }) {
  const { model_version, duration_ms, width, height, recorded_at } = subject;
  return (
    <header className={styles.facts}>
      <h1 className={styles.model}>
        {model_version === null ? texts.facts.noModel : texts.facts.model(model_version)}
      </h1>
      <p className={styles.line}>
        <span>{texts.facts.size(width, height)}</span>
        {model_version !== null && duration_ms !== null && (
          <span>{texts.facts.duration(duration_ms)}</span>
        )}
        {recorded_at !== undefined && <time dateTime={recorded_at}>{fullTime(recorded_at)}</time>}
      </p>
    </header>
  );
}
