// G, then the first letter of a page, leads there.

import { useNavigate } from "@tanstack/react-router";
import { useEffect, useEffectEvent } from "react";
import type { Role } from "../api/types";
import { pagesFor } from "./pages";

// How long the second key is waited for.
const PATIENCE_MS = 1200;

export function useGoKeys(role: Role, app: string | undefined): void {
  const navigate = useNavigate();
  const go = useEffectEvent((key: string): boolean => {
    const page = pagesFor(role).find((each) => each.key === key);
    if (page === undefined || (app === undefined && page.to !== "/")) return false;
    void navigate({ to: page.to, params: { app: app ?? "" } });
    return true;
  });
  useEffect(() => {
    let pressedAt = Number.NEGATIVE_INFINITY;
    const listen = (event: KeyboardEvent) => {
      const waits = event.timeStamp - pressedAt < PATIENCE_MS;
      pressedAt = Number.NEGATIVE_INFINITY;
      if (event.ctrlKey || event.metaKey || event.altKey || isTaken(event.target)) return;
      const key = event.key.toLowerCase();
      if (waits && go(key)) {
        // The page's own key of that letter has its turn when it is pressed alone.
        event.preventDefault();
        event.stopPropagation();
      } else if (key === "g") pressedAt = event.timeStamp;
    };
    addEventListener("keydown", listen, { capture: true });
    return () => removeEventListener("keydown", listen, { capture: true });
  }, []);
}

// Whether letters mean something else there: text being written, a list, a menu, a dialog.
function isTaken(target: EventTarget | null): boolean {
  const taken =
    "input, textarea, select, [contenteditable], [role=listbox], [role=menu], [role=dialog]";
  return target instanceof Element && target.closest(taken) !== null;
}
