// Files and folders dropped anywhere on the page, or pasted into it.

import { useEffect, useEffectEvent, useState } from "react";
import { dropped, type Found } from "./files";

// Returns whether files are being held over the page just now.
export function useFileDrop(onFound: (found: Found) => void): boolean {
  const [dragging, setDragging] = useState(false);
  const take = useEffectEvent(async (data: DataTransfer | null) => {
    setDragging(false);
    if (data === null) return;
    const found = await dropped(data);
    if (found.files.length + found.others > 0) onFound(found);
  });
  useEffect(() => {
    const onDragOver = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setDragging(true);
    };
    const onDragLeave = (event: DragEvent) => {
      if (event.relatedTarget === null) setDragging(false);
    };
    const onDrop = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      void take(event.dataTransfer);
    };
    const onPaste = (event: ClipboardEvent) => void take(event.clipboardData);
    addEventListener("dragover", onDragOver);
    addEventListener("dragleave", onDragLeave);
    addEventListener("drop", onDrop);
    addEventListener("paste", onPaste);
    return () => {
      removeEventListener("dragover", onDragOver);
      removeEventListener("dragleave", onDragLeave);
      removeEventListener("drop", onDrop);
      removeEventListener("paste", onPaste);
    };
  }, []);
  return dragging;
}

function holdsFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}
