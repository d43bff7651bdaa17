// One facet: its values, to be ticked, each with the number of its images.

import { type ReactNode, useState } from "react";
import { texts } from "../texts";
import { Button } from "../ui/Button";
import { Checkbox } from "../ui/Checkbox";
import styles from "./Facets.module.css";

interface FacetListProps {
  field: keyof typeof texts.filters.facets;
  values: readonly { readonly value: string; readonly count: number }[];
  chosen: readonly string[];
  onToggle: (value: string) => void;
  nameOf?: (value: string) => string;
  // What stands before the name: a colour, a sign.
  markOf?: (value: string) => ReactNode;
}

// So many are shown at first, and with so many it can be searched.
const FEW = 6;
const MANY = 20;

export function FacetList(props: FacetListProps) {
  const { field, values, chosen, onToggle, nameOf = (value) => value, markOf } = props;
  const [isOpen, setOpen] = useState(false);
  const [sought, setSought] = useState("");
  if (values.length === 0) return null;
  const title = texts.filters.facets[field];
  const found = values.filter(({ value }) =>
    nameOf(value).toLowerCase().includes(sought.toLowerCase()),
  );
  const shown = isOpen
    ? found
    : found.filter(({ value }, index) => index < FEW || chosen.includes(value));
  return (
    <fieldset className={styles.facet}>
      <legend className={styles.title}>{title}</legend>
      {isOpen && values.length > MANY && (
        <input
          type="search"
          className={styles.find}
          aria-label={texts.filters.find(title)}
          placeholder={texts.filters.find(title)}
          value={sought}
          onChange={({ currentTarget }) => setSought(currentTarget.value)}
        />
      )}
      {shown.map(({ value, count }) => (
        <Checkbox key={value} checked={chosen.includes(value)} onChange={() => onToggle(value)}>
          <span className={styles.value} data-none={count === 0}>
            {markOf?.(value)}
            <span className={styles.name} title={value}>
              {nameOf(value)}
            </span>
            <span className={styles.count}>{count.toLocaleString("en")}</span>
          </span>
        </Checkbox>
      ))}
      {(isOpen || shown.length < found.length) && (
        <Button kind="quiet" className={styles.more} onClick={() => setOpen(!isOpen)}>
          {isOpen ? texts.filters.fewer : texts.filters.more(found.length - shown.length)}
        </Button>
      )}
    </fieldset>
  );
}
