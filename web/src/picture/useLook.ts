// The look of the picture that is open: changed at once on the screen, then asked of the server.

import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { pictureAddress } from "../api/queries";
import type { Subject } from "../domain/subject";
import {
  COLOUR_LEVELS,
  dragged,
  isSame,
  type Levels,
  type Look,
  lookQuery,
  PLAIN,
  settled,
  type Tone,
  toneBetween,
  type Window,
} from "./look";
import { tagsQuery } from "./tagsQuery";

export interface PictureLook {
  // The address of the picture, and what is to be done with its pixels until it has caught up.
  readonly source: string;
  readonly tone: Tone;
  readonly look: Look;
  // Null until they are known.
  readonly levels: Levels | null;
  // Whether the server renders it; else the browser does.
  readonly isRendered: boolean;
  // Asks for the levels: somebody is about to change them.
  begin(): void;
  setWindow(window: Window): void;
  setInvert(invert: boolean): void;
  reset(): void;
  // A drag over the picture by so many screen pixels since the last one.
  drag(dx: number, dy: number): void;
  onShown(source: string): void;
}

// So long must the window rest before the server renders it.
const REST_MS = 160;

export function useLook(subject: Subject, size: number): PictureLook {
  const [look, setLook] = useState(PLAIN);
  const [asked, setAsked] = useState(PLAIN);
  const [shown, setShown] = useState(PLAIN);
  const [begun, setBegun] = useState(subject.media_type === "application/dicom");
  const tags = useQuery({ ...tagsQuery(subject.object_id), enabled: begun });
  const levels = tags.data === undefined ? null : (tags.data.window ?? COLOUR_LEVELS);
  const isRendered = tags.data?.window != null;
  useEffect(() => {
    if (!isRendered) return;
    const timer = setTimeout(() => setAsked(look), REST_MS);
    return () => clearTimeout(timer);
  }, [look, isRendered]);
  const source = pictureAddress(subject.object_id, size) + lookQuery(asked);
  const latest = useRef({ levels, source, asked });
  useEffect(() => {
    latest.current = { levels, source, asked };
  });
  const setWindow = (window: Window) =>
    setLook((now) => ({ ...now, window: levels === null ? now.window : settled(window, levels) }));
  return {
    source,
    tone: toneBetween(shown, look, levels ?? COLOUR_LEVELS),
    look,
    levels,
    isRendered,
    begin: () => setBegun(true),
    setWindow,
    setInvert: (invert) => {
      setBegun(true);
      setLook((now) => ({ ...now, invert }));
    },
    reset: () => setLook(PLAIN),
    drag: (dx, dy) => {
      setBegun(true);
      const known = latest.current.levels;
      if (known === null) return;
      setLook((now) => ({ ...now, window: dragged(now.window ?? known, dx, dy, known) }));
    },
    onShown: (address) => {
      const now = latest.current;
      if (address === now.source && !isSame(shown, now.asked)) setShown(now.asked);
    },
  };
}
