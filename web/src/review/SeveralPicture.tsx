// One of several pictures: a stage of its own, whose keys come from the page.

import { type Ref, useEffect, useImperativeHandle, useRef } from "react";
import { pictureAddress } from "../api/queries";
import type { App } from "../api/types";
import { colourOf } from "../domain/colours";
import { placeOf, type Subject } from "../domain/subject";
import { useLook } from "../picture/useLook";
import type { StageHandle } from "../stage/marking";
import { Stage } from "../stage/Stage";
import { useMarking } from "../workspace/useMarking";
import type { ReviewDesk } from "../workspace/useReview";

export interface PictureHandle {
  // Whether the key means something to the picture.
  onKey(event: KeyboardEvent): boolean;
  chooseLabel(label: string): void;
}

interface SeveralPictureProps {
  ref: Ref<PictureHandle>;
  app: App;
  subject: Subject;
  review: ReviewDesk;
  name: string;
  // The longest side, in pixels, of what is fetched.
  size: number;
  // Whether it is the one worked on last: no other has a box selected.
  isInHand: boolean;
}

export function SeveralPicture(props: SeveralPictureProps) {
  const { app, subject, review, name, size, isInHand } = props;
  const look = useLook(subject, size);
  const stage = useRef<StageHandle>(null);
  const marking = useMarking(review, app.labels, subject, stage);
  const { select, setTool } = marking;
  useEffect(() => {
    if (isInHand) return;
    select(null);
    setTool("select");
  }, [isInHand, select, setTool]);
  const onKey = (event: KeyboardEvent): boolean => {
    if (event.key !== "i") return marking.onKey(event);
    look.setInvert(!look.look.invert);
    return true;
  };
  useImperativeHandle(props.ref, () => ({ onKey, chooseLabel: marking.chooseLabel }));
  return (
    <Stage
      ref={stage}
      source={pictureAddress(subject.object_id, size)}
      look={look}
      picture={subject}
      name={placeOf(subject)}
      among={name}
      labels={app.labels}
      marking={marking}
      mayEdit={review.mayEdit}
      colourOf={(label) => colourOf(label, app.labels)}
    />
  );
}
