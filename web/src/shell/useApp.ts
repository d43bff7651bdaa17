// The application that the pages are about: the one in the address, or the last one that was. On
// Home, which is about all of them, the links lead to it.

import { useParams } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { App } from "../api/types";

const KEY = "millpond.app";

// And what makes another one the last.
export function useApp(apps: readonly App[]): [string | undefined, (app: string) => void] {
  const { app: asked } = useParams({ strict: false });
  const [last, setLast] = useState(lastApp);
  const names = apps.map(({ app }) => app);
  const current = [asked, last].find((name) => name !== undefined && names.includes(name));
  useEffect(() => {
    if (current === undefined) return;
    setLast(current);
    remember(current);
  }, [current]);
  return [current ?? names[0], setLast];
}

function lastApp(): string | undefined {
  try {
    return localStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

function remember(app: string): void {
  try {
    localStorage.setItem(KEY, app);
  } catch {
    // Without storage the first application is the one to start with.
  }
}
