// The picture with its findings, and everything that is done with them.

import { type ReactNode, useRef, useState } from "react";
import { pictureAddress } from "../api/queries";
import type { App } from "../api/types";
import { colourOf } from "../domain/colours";
import { answeredAt } from "../domain/review";
import { placeOf, type Subject } from "../domain/subject";
import type { Thresholds } from "../domain/suppression";
import { DownloadMenu } from "../picture/DownloadMenu";
import { LookControls } from "../picture/LookControls";
import { TagsButton } from "../picture/TagsButton";
import { useLook } from "../picture/useLook";
import type { StageHandle } from "../stage/marking";
import { Stage } from "../stage/Stage";
import { texts } from "../texts";
import { DetectionPanel } from "./DetectionPanel";
import { Facts } from "./Facts";
import { type KeyGroup, KeySheet } from "./KeySheet";
import { LabelPanel, labelByKey } from "./LabelPanel";
import { ReviewBar } from "./ReviewBar";
import { useKeys } from "./useKeys";
import { useMarking } from "./useMarking";
import { type ReviewDesk, useReview } from "./useReview";
import styles from "./Workspace.module.css";

// The longest side, in pixels, of the picture that is fetched to be looked at.
export const DISPLAY_SIZE = 1600;

// What a page adds that leads through many pictures.
export interface Flow {
  // Its keys come after those of the picture; says whether the key meant something.
  onKey(event: KeyboardEvent, review: ReviewDesk): boolean;
  readonly keys: KeyGroup;
  // Takes the place of the bar that says that the picture is done.
  bar(review: ReviewDesk): ReactNode;
  // Takes the place of the panel's head.
  readonly head?: ReactNode;
}

interface WorkspaceProps {
  app: App;
  subject: Subject;
  onThresholds?: (at: Thresholds) => void;
  flow?: Flow;
}

export function Workspace({ app, subject, onThresholds, flow }: WorkspaceProps) {
  const usual = answeredAt(subject);
  const [at, setAt] = useState(usual);
  const [showsKeys, setShowsKeys] = useState(false);
  const review = useReview(subject, at);
  const look = useLook(subject, DISPLAY_SIZE);
  const stage = useRef<StageHandle>(null);
  const marking = useMarking(review, app.labels, subject, stage);
  const isDetection = app.task === "detection";
  const change = (next: Thresholds) => {
    setAt(next);
    onThresholds?.(next);
  };
  useKeys((event) => {
    if (event.key === "?") setShowsKeys(true);
    else if (event.key === "i") look.setInvert(!look.look.invert);
    else if (isDetection && marking.onKey(event)) return true;
    else if (!isDetection && labelByKey(event, review, app.labels)) return true;
    else return flow?.onKey(event, review) ?? false;
    return true;
  });
  const own = [isDetection ? texts.keys.boxes : texts.keys.label, texts.keys.view];
  return (
    <section className={styles.workspace}>
      <Stage
        ref={stage}
        source={pictureAddress(subject.object_id, DISPLAY_SIZE)}
        look={look}
        picture={subject}
        name={placeOf(subject)}
        labels={app.labels}
        marking={isDetection ? marking : null}
        mayEdit={review.mayEdit}
        onKeys={() => setShowsKeys(true)}
        colourOf={(label) => colourOf(label, app.labels)}
        tools={
          <>
            <LookControls look={look} />
            {subject.media_type === "application/dicom" && (
              <TagsButton objectId={subject.object_id} />
            )}
            <DownloadMenu
              drawing={{
                subject,
                labels: app.labels,
                findings: review.findings.filter(({ verdict }) => verdict !== "rejected"),
                look: look.look,
                tone: look.isRendered ? null : look.tone,
              }}
            />
          </>
        }
      />
      <aside className={styles.panel}>
        {flow?.head ?? <Facts subject={subject} />}
        <div className={styles.scroll}>
          {isDetection ? (
            <DetectionPanel
              app={app}
              subject={subject}
              review={review}
              marking={marking}
              at={at}
              usual={usual}
              onThresholds={change}
            />
          ) : (
            <LabelPanel app={app} subject={subject} review={review} />
          )}
        </div>
        {flow?.bar(review) ?? <ReviewBar review={review} isDetection={isDetection} />}
      </aside>
      <KeySheet
        groups={[...(flow === undefined ? [] : [flow.keys]), ...own, texts.shell.keys]}
        open={showsKeys}
        onOpenChange={setShowsKeys}
      />
    </section>
  );
}
