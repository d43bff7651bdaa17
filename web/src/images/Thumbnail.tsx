// A small picture of an image: asked for when it comes near, let go when it leaves before it came.

import { type ReactNode, useEffect, useRef, useState } from "react";
import { pictureAddress } from "../api/queries";
import { texts } from "../texts";
import { Icon } from "../ui/Icon";
import styles from "./Thumbnail.module.css";

interface ThumbnailProps {
  objectId: string;
  size: number;
  // What lies over the picture once it is here.
  children?: ReactNode;
}

export function Thumbnail({ objectId, size, children }: ThumbnailProps) {
  const [state, setState] = useState<"coming" | "here" | "lost">("coming");
  const image = useRef<HTMLImageElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: at the first look, and at its end
  useEffect(() => {
    const element = image.current;
    // Let go and taken up again, as React tries in development.
    if (element?.getAttribute("src") === "") element.src = pictureAddress(objectId, size);
    if (element?.complete && element.naturalWidth > 0) setState("here");
    return () => {
      // The connection is free for the pictures that are in sight now.
      if (element?.complete === false) element.src = "";
    };
  }, []);
  if (state === "lost") {
    return (
      <span className={styles.lost} title={texts.grid.lost}>
        <Icon name="warning" />
      </span>
    );
  }
  return (
    <>
      <img
        ref={image}
        className={styles.picture}
        data-state={state}
        src={pictureAddress(objectId, size)}
        alt=""
        decoding="async"
        draggable={false}
        onLoad={() => setState("here")}
        onError={() => setState("lost")}
      />
      {state === "here" && children}
    </>
  );
}
