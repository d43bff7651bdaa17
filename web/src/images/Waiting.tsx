// The grid before its first images: their places.

import { texts } from "../texts";
import { Skeleton } from "../ui/Skeleton";
import type { GridSize } from "./layout";
import styles from "./Waiting.module.css";

export function Waiting({ size }: { size: GridSize }) {
  return (
    <div className={styles.places} data-size={size} role="status" aria-label={texts.images.loading}>
      {Array.from({ length: 24 }, (_, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the places never change
        <Skeleton key={place} className={styles.place} height="auto" />
      ))}
    </div>
  );
}
