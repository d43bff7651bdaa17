// The place of one of several pictures: its frame, why it is here, and the ways out of the batch.

import type { Ref } from "react";
import type { App } from "../api/types";
import { TagsButton } from "../picture/TagsButton";
import { texts } from "../texts";
import { IconButton } from "../ui/Button";
import { Problem } from "../ui/Notice";
import styles from "./SeveralCell.module.css";
import { type PictureHandle, SeveralPicture } from "./SeveralPicture";
import type { Shown } from "./useSeveral";

interface SeveralCellProps {
  ref: Ref<PictureHandle>;
  app: App;
  shown: Shown;
  name: string;
  size: number;
  // Whether the keys are for it.
  isActive: boolean;
  isInHand: boolean;
  onActive: () => void;
  onInHand: () => void;
  onOpen: () => void;
  onSkip: () => void;
}

export function SeveralCell(props: SeveralCellProps) {
  const { app, shown, name, size, isActive, isInHand, onActive, onOpen } = props;
  const { item, subject, review, problem, retry } = shown;
  return (
    <section
      className={styles.cell}
      aria-label={name}
      aria-current={isActive ? "true" : undefined}
      data-object={item.object_id}
      onPointerEnter={onActive}
      onFocus={onActive}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the page listens to the keys */}
      <div className={styles.picture} onPointerDown={props.onInHand} onDoubleClick={onOpen}>
        {subject !== null && review !== null ? (
          <SeveralPicture
            ref={props.ref}
            app={app}
            subject={subject}
            review={review}
            name={name}
            size={size}
            isInHand={isInHand}
          />
        ) : problem !== null ? (
          <Problem error={problem} onRetry={retry} />
        ) : null}
      </div>
      <footer className={styles.foot}>
        <p className={styles.detail} title={item.detail}>
          {item.detail}
        </p>
        {subject?.media_type === "application/dicom" && <TagsButton objectId={item.object_id} />}
        {/* For the mouse: they have keys, and Tab leads from picture to picture. */}
        <IconButton tabIndex={-1} icon="fit" name={texts.queue.openAlone} onClick={onOpen} />
        <IconButton tabIndex={-1} icon="skip" name={texts.queue.skipOne} onClick={props.onSkip} />
      </footer>
    </section>
  );
}
