// A choice of one from a few, as a list that drops down.

import { Select as Base } from "@base-ui/react/select";
import { join } from "./Button";
import { Icon } from "./Icon";
import styles from "./Select.module.css";

interface SelectProps {
  name: string;
  value: string;
  options: readonly string[];
  onChange: (value: string) => void;
  // The colour of an option's swatch; none without it.
  colourOf?: (option: string) => string;
  quiet?: boolean;
  className?: string | undefined;
}

export function Select(props: SelectProps) {
  const { name, value, options, onChange, colourOf, quiet = false, className } = props;
  return (
    <Base.Root
      modal={false}
      value={value}
      onValueChange={(next) => next !== null && next !== value && onChange(next)}
    >
      <Base.Trigger
        aria-label={name}
        className={join(styles.trigger, quiet && styles.quiet, className)}
      >
        <Swatch colour={colourOf?.(value)} />
        <Base.Value className={styles.value} />
        <Icon name="chevron" />
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner
          className={styles.positioner}
          sideOffset={4}
          align="start"
          alignItemWithTrigger={false}
        >
          <Base.Popup className={styles.popup}>
            {options.map((option) => (
              <Base.Item key={option} value={option} className={styles.item}>
                <Swatch colour={colourOf?.(option)} />
                <Base.ItemText className={styles.value}>{option}</Base.ItemText>
                <Base.ItemIndicator className={styles.indicator}>
                  <Icon name="check" />
                </Base.ItemIndicator>
              </Base.Item>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

export function Swatch({ colour }: { colour: string | undefined }) {
  if (colour === undefined) return null;
  return <span className={styles.swatch} style={{ background: colour }} aria-hidden="true" />;
}
