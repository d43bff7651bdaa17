// Where pictures come in while none is open.

import { useRef } from "react";
import type { App } from "../api/types";
import { texts } from "../texts";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import styles from "./DropZone.module.css";

type OnFiles = (files: readonly File[]) => void;

const ACCEPT = "image/jpeg,image/png,image/webp,image/tiff,image/bmp,application/dicom,.dcm,.tif";

export function DropZone({ app, onFiles }: { app: App; onFiles: OnFiles }) {
  return (
    <section className={styles.place} aria-labelledby="drop">
      <div className={styles.zone}>
        <span className={styles.icon}>
          <Icon name="upload" size={28} />
        </span>
        <h1 id="drop" className={styles.title}>
          {texts.predict.drop}
        </h1>
        <p className={styles.hint}>
          {texts.predict.dropHint} <ChooseFiles onFiles={onFiles} inText />
        </p>
        <p className={styles.formats}>{texts.predict.formats}</p>
      </div>
      {app.champion === null && <p className={styles.model}>{texts.predict.noModelShort}</p>}
    </section>
  );
}

// The button that opens the system's choice of files.
export function ChooseFiles({ onFiles, inText = false }: { onFiles: OnFiles; inText?: boolean }) {
  const input = useRef<HTMLInputElement>(null);
  const choose = () => input.current?.click();
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        accept={ACCEPT}
        onChange={({ currentTarget }) => {
          onFiles([...(currentTarget.files ?? [])]);
          currentTarget.value = "";
        }}
      />
      {inText ? (
        <button type="button" className={styles.link} onClick={choose}>
          {texts.predict.choose}
        </button>
      ) : (
        <Button kind="primary" icon="add" className={styles.add} onClick={choose}>
          {texts.predict.add}
        </Button>
      )}
    </>
  );
}
