// What two people differ on, one by one, and who is right.

import { type Difference, settled } from "../domain/disputes";
import type { Finding } from "../domain/review";
import { texts } from "../texts";
import { Button, join } from "../ui/Button";
import { Notice } from "../ui/Notice";
import type { ReviewDesk } from "../workspace/useReview";
import styles from "./DifferenceList.module.css";

export type Side = "left" | "right" | "neither";

const SIDES: readonly Side[] = ["left", "right", "neither"];

interface DifferenceListProps {
  names: readonly [string, string];
  differences: readonly Difference[];
  // Which side stands by now.
  sideOf: (difference: Difference) => Side | null;
  chosen: number;
  onChoose: (index: number) => void;
  onTake: (index: number, side: Side) => void;
  mayEdit: boolean;
}

export function DifferenceList(props: DifferenceListProps) {
  const { names, differences, chosen, onChoose, onTake, mayEdit } = props;
  if (differences.length === 0) {
    return <Notice title={texts.queue.agreed(names[0], names[1])}>{texts.queue.agreedHint}</Notice>;
  }
  return (
    <section className={styles.section} aria-labelledby="differences">
      <h2 id="differences" className={styles.title}>
        {texts.queue.differences(differences.length)}
      </h2>
      <ol className={styles.list}>
        {differences.map((one, index) => {
          const side = props.sideOf(one);
          return (
            <li
              key={one.left.key}
              className={join(styles.item, index === chosen && styles.chosen)}
              onPointerDown={() => onChoose(index)}
            >
              <span className={styles.number}>{index + 1}</span>
              <dl className={styles.words}>
                {[one.left, one.right].map((finding, at) => (
                  <div key={names[at]}>
                    <dt>{names[at]}</dt>
                    <dd data-verdict={finding.verdict}>{wordOf(finding)}</dd>
                  </div>
                ))}
              </dl>
              <div className={styles.sides}>
                {SIDES.map((each) => (
                  <Button
                    key={each}
                    disabled={!mayEdit}
                    aria-pressed={side === each}
                    className={side === each ? styles.taken : undefined}
                    onClick={() => onTake(index, each)}
                  >
                    {each === "neither"
                      ? texts.queue.neither
                      : texts.queue.takes(names[each === "left" ? 0 : 1])}
                  </Button>
                ))}
              </div>
            </li>
          );
        })}
      </ol>
    </section>
  );
}

function wordOf(finding: Finding): string {
  return finding.verdict === "rejected"
    ? texts.queue.saysNothing(finding.label)
    : `${finding.label}, ${texts.findings.verdicts[finding.verdict]}`;
}

// Which side of a difference is what stands by now.
export function sideOf(difference: Difference, review: ReviewDesk): Side | null {
  return SIDES.find((side) => review.stands(settled(difference, side))) ?? null;
}
