// While there is no picture to show: the next is fetched, the server is away, or the queue has ended.

import { Link } from "@tanstack/react-router";
import { type QueuePage, STRATEGIES, type Strategy } from "../api/queue";
import type { App } from "../api/types";
import type { TrailState } from "../state/trail";
import { texts } from "../texts";
import { Button } from "../ui/Button";
import buttons from "../ui/Button.module.css";
import { Notice } from "../ui/Notice";
import styles from "./Waiting.module.css";

interface WaitingProps {
  app: App;
  strategy: Strategy;
  state: TrailState;
  // Whether a certain image was asked for.
  isAsked: boolean;
  queue: QueuePage | undefined;
  onAgain: () => void;
  onOther: () => void;
}

export function Waiting(props: WaitingProps) {
  const { phase, problem } = props.state;
  if (phase === "unreachable") {
    return (
      <Notice title={texts.queue.away}>
        <span role="status">{texts.queue.awayHint}</span>
      </Notice>
    );
  }
  if (phase === "refused" || (props.isAsked && phase !== "taking")) {
    return (
      <Notice
        kind={phase === "refused" ? "bad" : "plain"}
        title={texts.queue.missing}
        action={<Button onClick={props.onOther}>{texts.queue.other}</Button>}
      >
        {problem ?? texts.queue.missingHint}
      </Notice>
    );
  }
  if (phase === "ended") return <End {...props} />;
  return (
    <Notice>
      <span role="status">{texts.queue.taking}</span>
    </Notice>
  );
}

// Nothing more that is free: what can be done instead.
function End({ app, strategy, state, queue, onAgain }: WaitingProps) {
  const counts = queue?.counts;
  const others = STRATEGIES.filter((one) => one !== strategy && (counts?.[one] ?? 0) > 0);
  const isUntouched =
    queue !== undefined && queue.progress.remaining + queue.progress.reviewed === 0;
  const passedBy = state.left.size;
  return (
    <Notice
      title={
        isUntouched ? texts.queue.nothingYet : texts.queue.ended(texts.queue.strategies[strategy])
      }
      action={
        <div className={styles.ways}>
          {isUntouched ? (
            <Link
              to="/predict/$app"
              params={{ app: app.app }}
              className={`${buttons.button} ${buttons.primary}`}
            >
              {texts.queue.toPredict}
            </Link>
          ) : (
            <Button onClick={onAgain}>{texts.queue.again}</Button>
          )}
          {others.map((one) => (
            <Link
              key={one}
              to="/review/$app"
              params={{ app: app.app }}
              search={{ strategy: one }}
              className={`${buttons.button} ${buttons.plain}`}
            >
              {texts.queue.goOn(texts.queue.strategies[one], counts?.[one] ?? 0)}
            </Link>
          ))}
        </div>
      }
    >
      {isUntouched ? texts.queue.nothingYetHint : texts.queue.endedHint(passedBy)}
    </Notice>
  );
}
