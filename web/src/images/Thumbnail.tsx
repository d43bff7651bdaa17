// A small picture of an image: asked for when it comes near, let go when it leaves before it came.

import { type ReactNode, useEffect, useRef, useState } from "react";
import { thumbnails } from "../api/thumbnails";
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
  const [address, setAddress] = useState(() => thumbnails.find(objectId, size));
  const [state, setState] = useState<"coming" | "here" | "lost">("coming");
  const image = useRef<HTMLImageElement>(null);
  useEffect(() => {
    if (address !== null) return;
    return thumbnails.want(objectId, size, {
      distance: () => distanceFromMiddle(image.current),
      done: (came) => (came === null ? setState("lost") : setAddress(came)),
    });
  }, [objectId, size, address]);
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
        src={address ?? undefined}
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

function distanceFromMiddle(element: Element | null): number {
  if (element === null) return Number.POSITIVE_INFINITY;
  const { top, bottom } = element.getBoundingClientRect();
  return Math.abs((top + bottom - window.innerHeight) / 2);
}
