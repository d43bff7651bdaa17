// The application that the pages are about: the one in the address, or the last one that was.

import { useParams } from "@tanstack/react-router";
import { useEffect } from "react";
import type { App } from "../api/types";

const KEY = "millpond.app";

export function useApp(apps: readonly App[]): string | undefined {
  const { app: asked } = useParams({ strict: false });
  const names = apps.map(({ app }) => app);
  const current = [asked, lastApp()].find((name) => name !== undefined && names.includes(name));
  useEffect(() => {
    if (current !== undefined) remember(current);
  }, [current]);
  return current ?? names[0];
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
