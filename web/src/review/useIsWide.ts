// Whether there is room for several pictures side by side.

import { useSyncExternalStore } from "react";

// As wide as the style sheets begin to lay things side by side.
const wide = matchMedia("(min-width: 901px)");

export function useIsWide(): boolean {
  return useSyncExternalStore(subscribe, () => wide.matches);
}

function subscribe(listener: () => void): () => void {
  wide.addEventListener("change", listener);
  return () => wide.removeEventListener("change", listener);
}
