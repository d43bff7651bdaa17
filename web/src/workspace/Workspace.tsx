// The picture with its findings, and everything that is done with them.

import { useRef, useState } from "react";
import { pictureAddress } from "../api/queries";
import type { App, Inference } from "../api/types";
import { colourOf } from "../domain/colours";
import { answeredAt } from "../domain/review";
import type { Thresholds } from "../domain/suppression";
import type { StageHandle } from "../stage/marking";
import { Stage } from "../stage/Stage";
import { DetectionPanel } from "./DetectionPanel";
import { Facts } from "./Facts";
import { LabelPanel } from "./LabelPanel";
import { ReviewBar } from "./ReviewBar";
import { useMarking } from "./useMarking";
import { useReview } from "./useReview";
import styles from "./Workspace.module.css";

// The longest side, in pixels, of the picture that is fetched to be looked at.
const DISPLAY_SIZE = 1600;

interface WorkspaceProps {
  app: App;
  inference: Inference;
  onThresholds: (at: Thresholds) => void;
}

export function Workspace({ app, inference, onThresholds }: WorkspaceProps) {
  const usual = answeredAt(inference);
  const [at, setAt] = useState(usual);
  const review = useReview(inference, at);
  const stage = useRef<StageHandle>(null);
  const marking = useMarking(review, app.labels, stage);
  const isDetection = app.task === "detection";
  const change = (next: Thresholds) => {
    setAt(next);
    onThresholds(next);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: short keys for all that lies within
    <section className={styles.workspace} onKeyDown={isDetection ? marking.onKey : undefined}>
      <Stage
        ref={stage}
        source={pictureAddress(inference.object_id, DISPLAY_SIZE)}
        picture={inference}
        name={inference.inference_id}
        labels={app.labels}
        marking={isDetection ? marking : null}
        mayEdit={review.mayEdit}
        colourOf={(label) => colourOf(label, app.labels)}
      />
      <aside className={styles.panel}>
        <Facts inference={inference} />
        <div className={styles.scroll}>
          {isDetection ? (
            <DetectionPanel
              app={app}
              inference={inference}
              review={review}
              marking={marking}
              at={at}
              usual={usual}
              onThresholds={change}
            />
          ) : (
            <LabelPanel app={app} inference={inference} review={review} />
          )}
        </div>
        <ReviewBar review={review} isDetection={isDetection} />
      </aside>
    </section>
  );
}
