// Buttons: with a word, or with an icon and its name in a tooltip.

import { Tooltip } from "@base-ui/react/tooltip";
import type { ComponentProps, ReactNode } from "react";
import styles from "./Button.module.css";
import { Icon, type IconName } from "./Icon";

interface ButtonProps extends ComponentProps<"button"> {
  kind?: "primary" | "plain" | "quiet" | "danger";
  icon?: IconName;
  children: ReactNode;
}

export function Button({ kind = "plain", icon, children, className, ...rest }: ButtonProps) {
  return (
    <button type="button" {...rest} className={join(styles.button, styles[kind], className)}>
      {icon === undefined ? null : <Icon name={icon} />}
      {children}
    </button>
  );
}

interface IconButtonProps extends Omit<ComponentProps<"button">, "children" | "title"> {
  icon: IconName;
  // Its name for everyone: read aloud, and shown in the tooltip.
  name: string;
  pressed?: boolean;
}

export function IconButton(props: IconButtonProps) {
  const { icon, name, pressed, className, disabled = false, ...rest } = props;
  return (
    <Tooltip.Root>
      <Tooltip.Trigger
        {...rest}
        render={<button type="button" disabled={disabled} />}
        aria-label={name}
        aria-pressed={pressed}
        className={join(styles.icon, className)}
      >
        <Icon name={icon} />
      </Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Positioner sideOffset={6}>
          <Tooltip.Popup className={styles.tooltip}>{name}</Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}

export function join(...names: (string | false | null | undefined)[]): string {
  return names.filter(Boolean).join(" ");
}
