// Beside a picture with boxes: the thresholds, and the findings one by one.

import type { App } from "../api/types";
import { colourOf } from "../domain/colours";
import type { Subject } from "../domain/subject";
import { sameThresholds, type Thresholds } from "../domain/suppression";
import type { Marking } from "../stage/marking";
import { texts } from "../texts";
import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";
import { Slider } from "../ui/Slider";
import styles from "./DetectionPanel.module.css";
import { FindingList } from "./FindingList";
import type { ReviewDesk } from "./useReview";

interface DetectionPanelProps {
  app: App;
  subject: Subject;
  review: ReviewDesk;
  marking: Marking;
  at: Thresholds;
  // The thresholds at which the server answered.
  usual: Thresholds;
  onThresholds: (at: Thresholds) => void;
}

export function DetectionPanel(props: DetectionPanelProps) {
  const { app, subject, review, marking, at, usual, onThresholds } = props;
  const knows = subject.model_version !== null || subject.predictions.length > 0;
  return (
    <>
      {knows && (
        <ThresholdSliders at={at} usual={usual} hidden={review.hidden} onChange={onThresholds} />
      )}
      {review.findings.length > 0 ? (
        <FindingList
          labels={app.labels}
          colourOf={(label) => colourOf(label, app.labels)}
          marking={marking}
          mayEdit={review.mayEdit}
        />
      ) : (
        <Nothing app={app.app} knows={knows} hidden={review.hidden} />
      )}
    </>
  );
}

function Nothing({ app, knows, hidden }: { app: string; knows: boolean; hidden: number }) {
  if (!knows) {
    return <Notice title={texts.predict.noModel}>{texts.predict.noModelHint(app)}</Notice>;
  }
  return (
    <Notice title={texts.predict.nothing}>
      {hidden > 0 ? texts.predict.nothingHint : texts.predict.nothingEver}
    </Notice>
  );
}

interface ThresholdSlidersProps {
  at: Thresholds;
  usual: Thresholds;
  hidden: number;
  onChange: (at: Thresholds) => void;
}

function ThresholdSliders({ at, usual, hidden, onChange }: ThresholdSlidersProps) {
  return (
    <section className={styles.thresholds} aria-labelledby="thresholds">
      <div className={styles.head}>
        <h2 id="thresholds" className={styles.title}>
          {texts.thresholds.title}
        </h2>
        {!sameThresholds(at, usual) && (
          <Button kind="quiet" className={styles.reset} onClick={() => onChange(usual)}>
            {texts.thresholds.reset}
          </Button>
        )}
      </div>
      <Slider
        name={texts.thresholds.confidence}
        hint={texts.thresholds.confidenceHint}
        value={at.confidence}
        min={0.05}
        max={1}
        step={0.01}
        shown={texts.findings.score(at.confidence)}
        onChange={(confidence) => onChange({ ...at, confidence })}
      />
      <Slider
        name={texts.thresholds.overlap}
        hint={texts.thresholds.overlapHint}
        value={at.overlap}
        min={0}
        max={1}
        step={0.01}
        shown={texts.findings.score(at.overlap)}
        onChange={(overlap) => onChange({ ...at, overlap })}
      />
      <p className={styles.hidden}>{texts.thresholds.hidden(hidden)}</p>
    </section>
  );
}
