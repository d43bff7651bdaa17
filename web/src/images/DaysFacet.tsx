// When the images came: days as bars to drag over, and as dates to give.

import { useMemo } from "react";
import type { Facets, ImageFilter } from "../api/images";
import { texts } from "../texts";
import { Bars } from "./Bars";
import { barsOf, dayOf } from "./days";
import styles from "./Facets.module.css";
import type { Change } from "./search";

interface DaysFacetProps {
  filter: ImageFilter;
  days: Facets["days"];
  onChange: (change: Change) => void;
}

const BARS = 48;
const DATE = /^\d{4}-\d\d-\d\d/;

export function DaysFacet({ filter, days, onChange }: DaysFacetProps) {
  const bars = useMemo(() => barsOf(days, BARS), [days]);
  const { since, until } = filter;
  if (bars.length === 0 && since === undefined && until === undefined) return null;
  const from = dateOf(since);
  const to = dateOf(until);
  const drag = (first: number, last: number) => {
    const [start, end] = [bars[first], bars[last]];
    if (start !== undefined && end !== undefined) onChange({ since: start.from, until: end.to });
  };
  return (
    <fieldset className={styles.facet}>
      <legend className={styles.title} title={texts.filters.daysHint}>
        {texts.filters.facets.days}
      </legend>
      {bars.length > 1 && (
        <Bars
          counts={bars.map(({ count }) => count)}
          isIn={(index) => {
            const bar = bars[index];
            return bar !== undefined && bar.to >= from && (to === "" || bar.from <= to);
          }}
          nameOf={(index) => texts.filters.day(bars[index]?.from ?? "", bars[index]?.count ?? 0)}
          onDrag={drag}
        />
      )}
      <div className={styles.dates}>
        <DateInput
          name={texts.filters.from}
          value={from}
          onChange={(day) => onChange({ since: day })}
        />
        <DateInput
          name={texts.filters.to}
          value={to}
          onChange={(day) => onChange({ until: day })}
        />
      </div>
    </fieldset>
  );
}

interface DateInputProps {
  name: string;
  value: string;
  onChange: (day: string | undefined) => void;
}

function DateInput({ name, value, onChange }: DateInputProps) {
  return (
    <label className={styles.date}>
      {name}
      <input
        type="date"
        value={value}
        onChange={({ currentTarget }) => {
          const day = currentTarget.value;
          // While a year is being written it is one of the first centuries.
          if (day === "" || day > "1900") onChange(day === "" ? undefined : day);
        }}
      />
    </label>
  );
}

// An age, which an address may say too, has no place in a field of dates.
function dateOf(moment: string | undefined): string {
  return moment !== undefined && DATE.test(moment) ? dayOf(moment) : "";
}
