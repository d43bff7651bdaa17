// While there is no picture to show: the next is fetched, the server is away, or the queue has ended.

import { Link } from "@tanstack/react-router";
import { type QueuePage, STRATEGIES, type Strategy } from "../api/queue";
import type { App } from "../api/types";
import { useStore } from "../state/store";
import type { Trail } from "../state/trail";
import { texts } from "../texts";
import { Button } from "../ui/Button";
import buttons from "../ui/Button.module.css";
import { Notice } from "../ui/Notice";
import styles from "./Waiting.module.css";

interface WaitingProps {
  app: App;
  strategy: Strategy;
  queue: QueuePage | undefined;
  trail: Trail;
  // Where a certain image was asked for: what takes another one.
  onOther?: (() => void) | undefined;
}

export function Waiting(props: WaitingProps) {
  const { trail, onOther = () => trail.again() } = props;
  const { phase, problem } = useStore(trail);
  if (phase === "unreachable") {
    return (
      <Notice title={texts.queue.away}>
        <span role="status">{texts.queue.awayHint}</span>
      </Notice>
    );
  }
  if (phase === "refused" || (props.onOther !== undefined && phase !== "taking")) {
    return (
      <Notice
        kind={phase === "refused" ? "bad" : "plain"}
        title={texts.queue.missing}
        action={<Button onClick={onOther}>{texts.queue.other}</Button>}
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
function End({ app, strategy, queue, trail }: WaitingProps) {
  const counts = queue?.counts;
  const others = STRATEGIES.filter((one) => one !== strategy && (counts?.[one] ?? 0) > 0);
  const isUntouched =
    queue !== undefined && queue.progress.remaining + queue.progress.reviewed === 0;
  const passedBy = useStore(trail).left.size;
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
            <Button onClick={() => trail.again()}>{texts.queue.again}</Button>
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
