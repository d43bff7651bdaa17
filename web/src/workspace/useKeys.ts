// Keys that mean something wherever the focus is, unless the control that has it wants them.

import { useEffect, useRef } from "react";

// `onKey` says whether the key meant something.
export function useKeys(onKey: (event: KeyboardEvent) => boolean): void {
  const latest = useRef(onKey);
  useEffect(() => {
    latest.current = onKey;
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || isOwnKey(event)) return;
      if (latest.current(event)) event.preventDefault();
    };
    document.addEventListener("keydown", listen);
    document.addEventListener("click", giveBack);
    return () => {
      document.removeEventListener("keydown", listen);
      document.removeEventListener("click", giveBack);
    };
  }, []);
}

// A button that was clicked with the mouse does not keep the keys: Space is not for it again.
function giveBack({ detail, target }: MouseEvent): void {
  if (detail === 0 || !(target instanceof Element)) return;
  target.closest<HTMLElement>("button:not([aria-haspopup], [data-row])")?.blur();
}

const ON_TOP = "[role=dialog], [role=alertdialog], [role=menu], [role=listbox]";
const WRITTEN = "input:not([type=checkbox]), textarea, select, [contenteditable=true]";
const PRESSED = "button, a, [role=combobox], [role=option], [role=tab], [type=checkbox]";
const MOVES = /^(Arrow|Page|Home|End)/;

function isOwnKey({ key, target, ctrlKey, metaKey }: KeyboardEvent): boolean {
  if (!(target instanceof Element) || target.closest("[data-keys]") !== null) return false;
  if (target.closest(ON_TOP) !== null) return true;
  // A slider is an input too: only letters and digits mean nothing to it.
  if (target.matches("[type=range]")) return MOVES.test(key);
  if (target.closest(WRITTEN) !== null) return key !== "Escape" || ctrlKey || metaKey;
  if (target.closest(PRESSED) === null) return false;
  return (
    key === "Enter" || key === " " || (MOVES.test(key) && target.closest("button, a") === null)
  );
}
