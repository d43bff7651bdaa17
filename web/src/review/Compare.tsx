// The words of two people on one image side by side, and what they differ on, to be settled.

import { useMemo, useState } from "react";
import type { App } from "../api/types";
import { differences, settled, type Words, wordsOf } from "../domain/disputes";
import { answeredAt, reviewOf } from "../domain/review";
import type { Subject } from "../domain/subject";
import { texts } from "../texts";
import { KeySheet } from "../workspace/KeySheet";
import { useKeys } from "../workspace/useKeys";
import { useReview } from "../workspace/useReview";
import type { Flow } from "../workspace/Workspace";
import frame from "../workspace/Workspace.module.css";
import styles from "./Compare.module.css";
import { ComparedPicture } from "./ComparedPicture";
import { DifferenceList, type Side, sideOf } from "./DifferenceList";

interface CompareProps {
  app: App;
  subject: Subject;
  // At least two; those of the first difference come first.
  people: readonly string[];
  flow: Flow;
}

export function Compare({ app, subject, people, flow }: CompareProps) {
  const review = useReview(subject, answeredAt(subject));
  // As it was when it was opened: what is settled stays in the list, settled.
  const [words] = useState(() => wordsOf(subject, subject.annotations ?? []));
  const [names, setNames] = useState(() => firstPair(words, people));
  const [left, right] = [words.get(names[0]) as Words, words.get(names[1]) as Words];
  const found = useMemo(() => differences(left, right), [left, right]);
  const [chosen, setChosen] = useState(0);
  const [showsKeys, setShowsKeys] = useState(false);
  const take = (index: number, side: Side) => {
    const difference = found[index];
    setChosen(index);
    if (difference !== undefined) review.settle(settled(difference, side));
  };
  useKeys((event) => {
    const side = SIDES[event.key];
    if (event.key === "?") setShowsKeys(true);
    else if (event.key === "ArrowDown") setChosen(Math.min(chosen + 1, found.length - 1));
    else if (event.key === "ArrowUp") setChosen(Math.max(0, chosen - 1));
    else if (side !== undefined) take(chosen, side);
    else if (event.key === "z" && (event.ctrlKey || event.metaKey)) review.undo();
    else return flow.onKey(event, review);
    return true;
  });
  const pictures = [left, right].map((of, at) => (
    <ComparedPicture
      key={at === 0 ? "left" : "right"}
      app={app}
      subject={subject}
      name={names[at] as string}
      people={people.filter((one) => one !== names[1 - at])}
      onName={(name) => setNames(at === 0 ? [name, names[1]] : [names[0], name])}
      findings={seenBy(subject, of)}
      marks={found.map((one) => (at === 0 ? one.left.key : one.right.key))}
      chosen={chosen}
      onChoose={setChosen}
    />
  ));
  return (
    <section className={frame.workspace}>
      <div className={styles.pictures}>{pictures}</div>
      <aside className={frame.panel}>
        {flow.head}
        <div className={frame.scroll}>
          <DifferenceList
            names={names}
            differences={found}
            sideOf={(one) => sideOf(one, review)}
            chosen={chosen}
            onChoose={setChosen}
            onTake={take}
            mayEdit={review.mayEdit}
          />
        </div>
        {flow.bar(review)}
      </aside>
      <KeySheet
        groups={[flow.keys, texts.queue.compareKeys]}
        open={showsKeys}
        onOpenChange={setShowsKeys}
      />
    </section>
  );
}

const SIDES: Readonly<Record<string, Side>> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  n: "neither",
  Delete: "neither",
};

// The first two who differ, or the first two.
function firstPair(
  words: ReadonlyMap<string, Words>,
  people: readonly string[],
): readonly [string, string] {
  for (const [at, one] of people.entries()) {
    for (const other of people.slice(at + 1)) {
      const found = differences(words.get(one) as Words, words.get(other) as Words);
      if (found.length > 0) return [one, other];
    }
  }
  return [people[0] as string, people[1] as string];
}

// What a person has said, over what they said nothing about.
function seenBy(subject: Subject, own: Words) {
  const untouched = reviewOf(subject, [], answeredAt(subject)).findings;
  return [...own.values(), ...untouched.filter(({ key }) => !own.has(key))];
}
