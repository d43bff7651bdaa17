// A value between two ends, dragged or set with the arrow keys.

import { Slider as Base } from "@base-ui/react/slider";
import styles from "./Slider.module.css";

interface SliderProps {
  name: string;
  hint: string;
  value: number;
  min: number;
  max: number;
  step: number;
  // With Shift, or the page keys.
  largeStep?: number;
  // The value as it is shown and read aloud.
  shown: string;
  onChange: (value: number) => void;
}

export function Slider(props: SliderProps) {
  const { name, hint, value, min, max, step, largeStep = 0.1, shown, onChange } = props;
  return (
    <Base.Root
      className={styles.root}
      value={value}
      min={min}
      max={max}
      step={step}
      largeStep={largeStep}
      thumbAlignment="edge"
      onValueChange={(next) => onChange(next as number)}
    >
      <div className={styles.head} title={hint}>
        <span>{name}</span>
        <output className={styles.value}>{shown}</output>
      </div>
      <Base.Control className={styles.control}>
        <Base.Track className={styles.track}>
          <Base.Indicator className={styles.indicator} />
          <Base.Thumb
            className={styles.thumb}
            getAriaLabel={() => name}
            getAriaValueText={() => shown}
          />
        </Base.Track>
      </Base.Control>
    </Base.Root>
  );
}
