// Where pictures come in while none is open.

import type { App } from "../api/types";
import { texts } from "../texts";
import { Icon } from "../ui/Icon";
import { ChooseFiles } from "./ChooseFiles";
import styles from "./DropZone.module.css";
import type { Found } from "./files";

export function DropZone({ app, onFound }: { app: App; onFound: (found: Found) => void }) {
  return (
    <section className={styles.place} aria-labelledby="drop">
      <div className={styles.zone}>
        <span className={styles.icon}>
          <Icon name="upload" size={28} />
        </span>
        <h1 id="drop" className={styles.title}>
          <span className={styles.mouse}>{texts.predict.drop}</span>
          <span className={styles.touch}>{texts.predict.add}</span>
        </h1>
        <p className={styles.hint}>
          <span className={styles.mouse}>{texts.predict.dropHint} </span>
          <ChooseFiles onFound={onFound} inText />
        </p>
        <p className={styles.formats}>{texts.predict.formats}</p>
      </div>
      {app.champion === null && <p className={styles.model}>{texts.predict.noModelShort}</p>}
    </section>
  );
}
