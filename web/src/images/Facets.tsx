// The filters beside the grid: what there is of each kind, with how many images.

import type { Facets as Counts, ImageFilter } from "../api/images";
import { texts } from "../texts";
import { personOf } from "../texts/people";
import { Skeleton } from "../ui/Skeleton";
import { DaysFacet } from "./DaysFacet";
import { FacetList } from "./FacetList";
import styles from "./Facets.module.css";
import { OutcomeMark } from "./OutcomeMark";
import { ScoreFacet } from "./ScoreFacet";
import { type Change, OUTCOMES, toggled } from "./search";

interface FacetsProps {
  filter: ImageFilter;
  // Undefined while they are counted for the first time.
  counts: Counts | undefined;
  onChange: (change: Change) => void;
  colourOf: (label: string) => string;
}

type ListField = "label" | "outcome" | "model" | "source" | "annotator";
type OneField = "reviewed" | "requested" | "subject" | "snapshot";

export function Facets({ filter, counts, onChange, colourOf }: FacetsProps) {
  if (counts === undefined) return <Waiting />;
  const { facets } = counts;
  const list = (field: ListField) => ({
    field,
    values: withChosen(facets[field], filter[field] ?? []),
    chosen: filter[field] ?? [],
    onToggle: (value: string) => onChange({ [field]: toggled(filter[field], value) }),
  });
  const one = (field: OneField) => ({
    field,
    values: withChosen(facets[field], listOf(filter[field])),
    chosen: listOf(filter[field]),
    onToggle: (value: string) =>
      onChange({ [field]: filter[field] === value ? undefined : value } as Change),
  });
  const outcomes = list("outcome");
  return (
    <div className={styles.facets}>
      <FacetList {...list("label")} markOf={(label) => <Colour colour={colourOf(label)} />} />
      <FacetList
        {...outcomes}
        values={OUTCOMES.flatMap((name) => outcomes.values.filter(({ value }) => value === name))}
        nameOf={(value) => texts.outcomes[value as keyof typeof texts.outcomes] as string}
        markOf={(value) => (value === "tn" ? null : <OutcomeMark mark={value as "tp"} />)}
      />
      <FacetList {...one("reviewed")} nameOf={yesNo} />
      <ScoreFacet filter={filter} bins={counts.scores} onChange={onChange} />
      <DaysFacet filter={filter} days={counts.days} onChange={onChange} />
      <FacetList {...list("model")} />
      <FacetList {...one("requested")} nameOf={yesNo} />
      <FacetList {...list("annotator")} nameOf={personOf} />
      <FacetList {...list("source")} />
      <FacetList {...one("snapshot")} />
      <FacetList {...one("subject")} nameOf={(id) => id.slice(-12)} />
    </div>
  );
}

function Colour({ colour }: { colour: string }) {
  return <span className={styles.colour} style={{ background: colour }} aria-hidden="true" />;
}

function Waiting() {
  return (
    <div className={styles.facets} aria-hidden="true">
      {[5, 3, 2, 4].map((lines) => (
        <div key={lines} className={styles.waiting}>
          <Skeleton width="40%" />
          {Array.from({ length: lines }, (_, line) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the lines never change
            <Skeleton key={line} />
          ))}
        </div>
      ))}
    </div>
  );
}

// What is chosen stays in the list when there is none of it, so that it can be given up.
function withChosen(
  values: readonly { readonly value: string; readonly count: number }[],
  chosen: readonly string[],
) {
  const missing = chosen.filter((each) => !values.some(({ value }) => value === each));
  return [...values, ...missing.map((value) => ({ value, count: 0 }))];
}

function listOf(value: string | undefined): readonly string[] {
  return value === undefined ? [] : [value];
}

function yesNo(value: string): string {
  return texts.filters.yesNo[value as "yes" | "no"];
}
