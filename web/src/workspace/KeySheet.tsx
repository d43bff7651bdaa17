// The sheet of keys: the one list of them.

import { texts } from "../texts";
import { Dialog } from "../ui/Dialog";
import styles from "./KeySheet.module.css";

export interface KeyGroup {
  readonly title: string;
  readonly keys: readonly (readonly [key: string, does: string])[];
}

interface KeySheetProps {
  groups: readonly KeyGroup[];
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

export function KeySheet({ groups, open, onOpenChange }: KeySheetProps) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={texts.keys.title} wide>
      <div className={styles.groups}>
        {groups.map(({ title, keys }) => (
          <section key={title}>
            <h3 className={styles.title}>{title}</h3>
            <dl className={styles.list}>
              {keys.map(([key, does]) => (
                <div key={key}>
                  <dt>
                    <kbd>{key}</kbd>
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
