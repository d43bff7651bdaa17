// A dialog over the page: in its middle, or as a drawer at its side. On a phone both are sheets.

import { Dialog as Base } from "@base-ui/react/dialog";
import type { ReactNode } from "react";
import { texts } from "../texts";
import { join } from "./Button";
import buttons from "./Button.module.css";
import styles from "./Dialog.module.css";
import { Icon } from "./Icon";

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  // A sentence under the title, read aloud with it.
  description?: ReactNode;
  children: ReactNode;
  // Buttons below, which stay in sight while the rest scrolls.
  actions?: ReactNode;
  place?: "middle" | "side";
  wide?: boolean;
}

export function Dialog(props: DialogProps) {
  const { open, onOpenChange, title, description, children, actions, place = "middle" } = props;
  return (
    <Base.Root open={open} onOpenChange={(next) => onOpenChange(next)}>
      <Base.Portal>
        <Base.Backdrop className={styles.backdrop} />
        <Base.Popup className={join(styles.popup, styles[place], props.wide && styles.wide)}>
          <header className={styles.head}>
            <Base.Title className={styles.title}>{title}</Base.Title>
            <Base.Close className={buttons.icon} aria-label={texts.ui.close}>
              <Icon name="close" />
            </Base.Close>
          </header>
          <div className={styles.body}>
            {description !== undefined && (
              <Base.Description className={styles.description}>{description}</Base.Description>
            )}
            {children}
          </div>
          {actions !== undefined && <footer className={styles.actions}>{actions}</footer>}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
