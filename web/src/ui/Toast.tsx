// A word on what has just happened, which goes by itself: said from anywhere by `toast`.

import { Toast as Base } from "@base-ui/react/toast";
import { texts } from "../texts";
import { Button } from "./Button";
import buttons from "./Button.module.css";
import { Icon } from "./Icon";
import styles from "./Toast.module.css";

interface Said {
  kind?: "good" | "bad";
  // One thing that can be done about it: "Undo", "Show".
  action?: { readonly label: string; readonly onClick: () => void };
}

const manager = Base.createToastManager<Said>();

// What went wrong stays until it is put away.
export function toast(title: string, said: Said = {}): void {
  const isBad = said.kind === "bad";
  manager.add({
    title,
    data: said,
    priority: isBad ? "high" : "low",
    timeout: isBad ? 0 : 5000,
  });
}

// Where they appear; the shell holds it, once.
export function Toasts() {
  return (
    <Base.Provider toastManager={manager} limit={3}>
      <Base.Portal>
        <Base.Viewport className={styles.viewport}>
          <List />
        </Base.Viewport>
      </Base.Portal>
    </Base.Provider>
  );
}

function List() {
  const { toasts, close } = Base.useToastManager<Said>();
  return toasts.map((one) => (
    <Base.Root key={one.id} toast={one} className={styles.toast} data-kind={one.data?.kind}>
      <Base.Content className={styles.content}>
        <Base.Title className={styles.title} render={<p />} />
        {one.data?.action !== undefined && (
          <Button
            kind="quiet"
            onClick={() => {
              one.data?.action?.onClick();
              close(one.id);
            }}
          >
            {one.data.action.label}
          </Button>
        )}
        <Base.Close className={buttons.icon} aria-label={texts.ui.close}>
          <Icon name="close" />
        </Base.Close>
      </Base.Content>
    </Base.Root>
  ));
}
