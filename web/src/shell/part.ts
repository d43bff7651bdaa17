// A page as a part of its own, which is fetched when it is first opened.

import { type ComponentType, createElement, use } from "react";
import { isReachable } from "../api/connection";

const RETRY_MS = 2_000;

// While the server is away the page before stays, and the part is asked for until it comes.
export function part(load: () => Promise<ComponentType>) {
  let kept: Promise<ComponentType> | undefined;
  const fetched = () => {
    kept ??= patiently(load).catch((error) => {
      kept = undefined;
      throw error;
    });
    return kept;
  };
  const Part = () => createElement(use(fetched()));
  // What the router waits for before it shows the page.
  Part.preload = async () => void (await fetched());
  return Part;
}

async function patiently<T>(load: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await load();
    } catch (error) {
      // The server is there, but not the part: it has been updated since.
      if (await isReachable()) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
