// A menu that drops down from a button: items that do something, and links that lead somewhere.

import { Menu as Base } from "@base-ui/react/menu";
import type { ReactElement, ReactNode } from "react";
import { Icon, type IconName } from "./Icon";
import styles from "./Menu.module.css";

interface MenuProps {
  // The button that opens it, as an element of its own: `<Button icon="download">Save</Button>`.
  trigger: ReactElement;
  children: ReactNode;
  align?: "start" | "end";
}

export function Menu({ trigger, children, align = "end" }: MenuProps) {
  return (
    <Base.Root modal={false}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner className={styles.positioner} sideOffset={6} align={align}>
          <Base.Popup className={styles.popup}>{children}</Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

interface ItemProps {
  children: ReactNode;
  icon?: IconName;
  // A word at the end of the line: a key, a format, a count.
  note?: string;
}

export function MenuItem({ onClick, ...rest }: ItemProps & { onClick: () => void }) {
  return (
    <Base.Item className={styles.item} onClick={onClick}>
      <Content {...rest} />
    </Base.Item>
  );
}

interface LinkProps extends ItemProps {
  href: string;
  // The name under which the browser keeps it, where it is a file.
  download?: string | true;
}

export function MenuLink({ href, download, ...rest }: LinkProps) {
  return (
    <Base.LinkItem className={styles.item} href={href} download={download} closeOnClick>
      <Content {...rest} />
    </Base.LinkItem>
  );
}

export function MenuLine() {
  return <Base.Separator className={styles.line} />;
}

function Content({ children, icon, note }: ItemProps) {
  return (
    <>
      {icon !== undefined && <Icon name={icon} />}
      <span className={styles.word}>{children}</span>
      {note !== undefined && <span className={styles.note}>{note}</span>}
    </>
  );
}
