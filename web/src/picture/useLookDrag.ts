// Dragging with the right button over the picture: its window.

import { type RefObject, useEffect, useEffectEvent } from "react";
import type { PictureLook } from "./useLook";

export function useLookDrag(
  frame: RefObject<HTMLElement | null>,
  look: PictureLook | undefined,
): void {
  const drag = useEffectEvent((dx: number, dy: number) => look?.drag(dx, dy));
  const hasLook = look !== undefined;
  useEffect(() => {
    const element = frame.current;
    if (element === null || !hasLook) return;
    let pointer: number | null = null;
    const onDown = (event: PointerEvent) => {
      if (event.button !== 2) return;
      pointer = event.pointerId;
      element.setPointerCapture(pointer);
    };
    const onMove = (event: PointerEvent) => {
      if (event.pointerId === pointer) drag(event.movementX, event.movementY);
    };
    const onUp = (event: PointerEvent) => {
      if (event.pointerId === pointer) pointer = null;
    };
    // The menu would open where the drag begins, or where it ends.
    const onMenu = (event: Event) => event.preventDefault();
    element.addEventListener("pointerdown", onDown);
    element.addEventListener("pointermove", onMove);
    element.addEventListener("pointerup", onUp);
    element.addEventListener("pointercancel", onUp);
    element.addEventListener("contextmenu", onMenu);
    return () => {
      element.removeEventListener("pointerdown", onDown);
      element.removeEventListener("pointermove", onMove);
      element.removeEventListener("pointerup", onUp);
      element.removeEventListener("pointercancel", onUp);
      element.removeEventListener("contextmenu", onMenu);
    };
  }, [frame, hasLook]);
}
