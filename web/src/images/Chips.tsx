// The filters in use, each to be taken away with one press.

import type { ImageFilter } from "../api/images";
import { texts } from "../texts";
import { personOf } from "../texts/people";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { Swatch } from "../ui/Select";
import styles from "./Chips.module.css";
import { type Change, isFiltering, toggled } from "./search";

interface ChipsProps {
  filter: ImageFilter;
  onChange: (change: Change) => void;
  onClear: () => void;
  colourOf: (label: string) => string;
}

export function Chips({ filter, onChange, onClear, colourOf }: ChipsProps) {
  if (!isFiltering(filter)) return null;
  return (
    <ul className={styles.chips} aria-label={texts.filters.active}>
      {chipsOf(filter).map(({ field, value, text, change }) => (
        <li key={`${field} ${value}`}>
          <button
            type="button"
            className={styles.chip}
            aria-label={texts.filters.remove(text)}
            onClick={() => onChange(change)}
          >
            <Swatch colour={field === "label" ? colourOf(value) : undefined} />
            {text}
            <Icon name="close" size={12} />
          </button>
        </li>
      ))}
      <li>
        <Button kind="quiet" className={styles.clear} onClick={onClear}>
          {texts.filters.clear}
        </Button>
      </li>
    </ul>
  );
}

interface Chip {
  readonly field: keyof Change;
  readonly value: string;
  readonly text: string;
  readonly change: Change;
}

export function chipsOf({ sort: _, ...filter }: ImageFilter): Chip[] {
  return (Object.keys(filter) as (keyof typeof filter)[]).flatMap((field) => {
    const value = filter[field];
    const values = Array.isArray(value) ? (value as readonly string[]) : null;
    if (values === null) return [chipOf(field, String(value), { [field]: undefined })];
    return values.map((each) => chipOf(field, each, { [field]: toggled(values, each) } as Change));
  });
}

function chipOf(field: keyof typeof texts.filters.chips, value: string, change: Change): Chip {
  const said = saidOf(field, value);
  return { field, value, text: texts.filters.chips[field](said), change };
}

function saidOf(field: keyof Change, value: string): string {
  if (field === "outcome") return texts.outcomes[value as "tp"];
  if (field === "subject") return value.slice(-12);
  return field === "annotator" ? personOf(value) : value;
}
