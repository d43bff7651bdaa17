// Arriving on another page: its top, and the focus at its start, so that it is read from there.

import { useLocation } from "@tanstack/react-router";
import { type RefObject, useEffect, useRef } from "react";
import { pageOf } from "./pages";

// Within a page the focus stays where it is: whoever steps through a list wants to go on.
export function useArrival(main: RefObject<HTMLElement | null>): void {
  const page = pageOf(useLocation().pathname)?.name;
  const last = useRef(page);
  useEffect(() => {
    if (last.current === page) return;
    last.current = page;
    scrollTo(0, 0);
    if (!main.current?.contains(document.activeElement)) {
      main.current?.focus({ preventScroll: true });
    }
  }, [page, main]);
}
