// A box to tick, with its word.

import { Checkbox as Base } from "@base-ui/react/checkbox";
import type { ReactNode } from "react";
import styles from "./Checkbox.module.css";
import { Icon } from "./Icon";

interface CheckboxProps {
  checked: boolean;
  // Some of what it stands for is chosen, and some is not.
  mixed?: boolean;
  onChange: (checked: boolean) => void;
  // The word beside it; without one, `name` is read aloud.
  children?: ReactNode;
  name?: string;
  disabled?: boolean;
}

export function Checkbox(props: CheckboxProps) {
  const { checked, mixed = false, onChange, children, name, disabled = false } = props;
  const box = (
    <Base.Root
      className={styles.box}
      checked={checked}
      indeterminate={mixed}
      disabled={disabled}
      onCheckedChange={onChange}
      aria-label={name}
    >
      <Base.Indicator className={styles.mark}>
        <Icon name={mixed ? "minus" : "check"} size={12} />
      </Base.Indicator>
    </Base.Root>
  );
  if (children === undefined) return box;
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the box within
    <label className={styles.label}>
      {box}
      <span className={styles.word}>{children}</span>
    </label>
  );
}
