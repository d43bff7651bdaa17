// A calm shape where something is still to come.

import { join } from "./Button";
import styles from "./Skeleton.module.css";

interface SkeletonProps {
  width?: number | string;
  height?: number | string;
  className?: string | undefined;
}

export function Skeleton({ width = "100%", height = "1em", className }: SkeletonProps) {
  return (
    <span className={join(styles.shape, className)} style={{ width, height }} aria-hidden="true" />
  );
}
