// How sure the model was, over how many boxes it was that sure of: two thumbs bound what is shown.

import { Slider } from "@base-ui/react/slider";
import { useRef, useState } from "react";
import type { ImageFilter } from "../api/images";
import { texts } from "../texts";
import { Bars } from "./Bars";
import styles from "./Facets.module.css";
import type { Change } from "./search";

interface ScoreFacetProps {
  filter: ImageFilter;
  bins: readonly number[];
  onChange: (change: Change) => void;
}

// The keys move a thumb step by step: the filter follows once it rests.
const REST_MS = 250;

export function ScoreFacet({ filter, bins, onChange }: ScoreFacetProps) {
  const asked = [filter.min_score ?? 0, filter.max_score ?? 1] as const;
  // While a thumb is moved, until the filter has followed.
  const [dragged, setDragged] = useState<readonly number[] | null>(null);
  const [low = 0, high = 1] = dragged ?? asked;
  const rest = useRef<ReturnType<typeof setTimeout>>(undefined);
  if (bins.every((count) => count === 0) && low === 0 && high === 1) return null;
  const names = [texts.filters.lowest, texts.filters.highest];
  const commit = ([min = 0, max = 1]: readonly number[]) => {
    clearTimeout(rest.current);
    rest.current = setTimeout(() => {
      setDragged(null);
      onChange({
        min_score: min === 0 ? undefined : min,
        max_score: max === 1 ? undefined : max,
      });
    }, REST_MS);
  };
  return (
    <fieldset className={styles.facet}>
      <legend className={styles.title} title={texts.filters.scoreHint}>
        {texts.filters.facets.score}
        <output className={styles.range}>{texts.filters.score(low, high)}</output>
      </legend>
      <Bars
        counts={bins}
        isIn={(index) => (index + 1) / bins.length > low && index / bins.length < high}
      />
      <Slider.Root
        value={[low, high]}
        min={0}
        max={1}
        step={0.01}
        largeStep={0.1}
        thumbAlignment="center"
        onValueChange={(next) => setDragged(next as readonly number[])}
        onValueCommitted={(next) => commit(next as readonly number[])}
      >
        <Slider.Control className={styles.control}>
          <Slider.Track className={styles.track}>
            <Slider.Indicator className={styles.indicator} />
            {names.map((name, index) => (
              <Slider.Thumb
                key={name}
                index={index}
                className={styles.thumb}
                getAriaLabel={() => name}
                getAriaValueText={(_, value) => texts.filters.percent(value)}
              />
            ))}
          </Slider.Track>
        </Slider.Control>
      </Slider.Root>
    </fieldset>
  );
}
