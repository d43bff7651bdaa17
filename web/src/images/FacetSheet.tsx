// The filters on a phone: behind a button, in a sheet over the grid.

import { type ReactNode, useState } from "react";
import { texts } from "../texts";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import styles from "./FacetSheet.module.css";

interface FacetSheetProps {
  // How many filters are in use.
  active: number;
  total: number;
  onClear: () => void;
  children: ReactNode;
}

export function FacetSheet({ active, total, onClear, children }: FacetSheetProps) {
  const [open, setOpen] = useState(false);
  const actions = (
    <>
      <Button disabled={active === 0} onClick={onClear}>
        {texts.filters.clear}
      </Button>
      <Button kind="primary" onClick={() => setOpen(false)}>
        {texts.filters.results(total)}
      </Button>
    </>
  );
  return (
    <>
      <Button icon="filter" className={styles.button} onClick={() => setOpen(true)}>
        {texts.filters.show(active)}
      </Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title={texts.filters.title}
        actions={actions}
        place="side"
      >
        {children}
      </Dialog>
    </>
  );
}
