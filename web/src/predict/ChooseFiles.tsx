// The buttons that open the system's choice of files, or of a folder.

import { type ChangeEvent, useRef } from "react";
import { texts } from "../texts";
import { Button, IconButton } from "../ui/Button";
import styles from "./ChooseFiles.module.css";
import { type Found, imagesOf } from "./files";

const ACCEPT = "image/jpeg,image/png,image/webp,image/tiff,image/bmp,application/dicom,.dcm,.tif";

interface ChooseFilesProps {
  onFound: (found: Found) => void;
  // As words within a sentence.
  inText?: boolean;
}

export function ChooseFiles({ onFound, inText = false }: ChooseFilesProps) {
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const take = ({ currentTarget }: ChangeEvent<HTMLInputElement>) => {
    const chosen = [...(currentTarget.files ?? [])];
    onFound(currentTarget === folder.current ? imagesOf(chosen) : { files: chosen, others: 0 });
    currentTarget.value = "";
  };
  const chooseFiles = () => files.current?.click();
  const chooseFolder = () => folder.current?.click();
  return (
    <>
      <input ref={files} type="file" hidden multiple accept={ACCEPT} onChange={take} />
      <input ref={folder} type="file" hidden webkitdirectory="" onChange={take} />
      {inText ? (
        <>
          <button type="button" className={styles.link} onClick={chooseFiles}>
            {texts.predict.choose}
          </button>
          {texts.predict.or}
          <button type="button" className={styles.link} onClick={chooseFolder}>
            {texts.predict.chooseFolder}
          </button>
        </>
      ) : (
        <div className={styles.row}>
          <Button kind="primary" icon="add" className={styles.add} onClick={chooseFiles}>
            {texts.predict.add}
          </Button>
          <IconButton icon="folder" name={texts.predict.addFolder} onClick={chooseFolder} />
        </div>
      )}
    </>
  );
}

declare module "react" {
  interface InputHTMLAttributes<T> {
    // A folder instead of files; all browsers of today know it under this name.
    webkitdirectory?: string;
  }
}
