// One of a few views, chosen by tabs; the panel below is the caller's.

import { Tabs as Base } from "@base-ui/react/tabs";
import type { ReactNode } from "react";
import styles from "./Tabs.module.css";

interface TabsProps<T extends string> {
  name: string;
  value: T;
  tabs: readonly { readonly value: T; readonly label: string; readonly count?: number }[];
  onChange: (value: T) => void;
  // What the chosen tab shows.
  children: ReactNode;
  className?: string | undefined;
}

export function Tabs<T extends string>(props: TabsProps<T>) {
  const { name, value, tabs, onChange, children, className } = props;
  return (
    <Base.Root className={className} value={value} onValueChange={(next) => onChange(next as T)}>
      <Base.List className={styles.list} aria-label={name} activateOnFocus={false}>
        {tabs.map((tab) => (
          <Base.Tab key={tab.value} value={tab.value} className={styles.tab}>
            {tab.label}
            {tab.count !== undefined && (
              <span className={styles.count}>{tab.count.toLocaleString("en")}</span>
            )}
          </Base.Tab>
        ))}
      </Base.List>
      <Base.Panel value={value} className={styles.panel} tabIndex={-1}>
        {children}
      </Base.Panel>
    </Base.Root>
  );
}
