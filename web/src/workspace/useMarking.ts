// Which box is selected, which tool is in hand, and what the keys do to them.

import { type RefObject, useCallback, useRef, useState } from "react";
import { moved, type Size } from "../domain/geometry";
import type { Finding } from "../domain/review";
import type { Marking, StageHandle, Tool } from "../stage/marking";
import type { ReviewDesk } from "./useReview";

export interface KeyedMarking extends Marking {
  // Whether the key means something here.
  onKey(event: KeyboardEvent): boolean;
  // Gives the label to the box that is aimed at, or else to one that is drawn next.
  chooseLabel(label: string): void;
}

// How far beside a box its copy lies, in pixels of the picture.
const COPY_OFFSET = 12;

export function useMarking(
  review: ReviewDesk,
  labels: readonly string[],
  picture: Size,
  stage: RefObject<StageHandle | null>,
): KeyedMarking {
  const [selectedKey, setSelectedKey] = useState<string | null>(null);
  const [hovered, setHovered] = useState<string | null>(null);
  // What the pointer came upon after the last selection: the keys mean it then, also before the
  // page has drawn it as hovered.
  const pointed = useRef<string | null>(null);
  const [tool, setTool] = useState<Tool>("select");
  const [newLabel, setNewLabel] = useState(labels[0] ?? "");
  const { findings, mayEdit } = review;
  const byKey = (key: string | null) => findings.find((one) => one.key === key) ?? null;
  const selected = byKey(selectedKey);

  const select = useCallback((key: string | null) => {
    setSelectedKey(key);
    pointed.current = null;
  }, []);
  const hover = useCallback((key: string | null) => {
    setHovered(key);
    pointed.current = key;
  }, []);

  const aim = () => byKey(pointed.current) ?? selected;

  const goOn = (finding: Finding, key: string) => {
    if (selectedKey === finding.key) setSelectedKey(key);
  };
  const setLabel = (finding: Finding, label: string) => {
    setNewLabel(label);
    if (label !== finding.label) goOn(finding, review.correct(finding, label, finding.box));
  };
  const confirm = (finding: Finding) => {
    // A candidate lives on as the box that is added for it.
    if (finding.source === "candidate") goOn(finding, review.add(finding.label, finding.box));
    else review.confirm(finding);
  };
  const reject = (finding: Finding) => {
    if (finding.source === "candidate") return;
    review.reject(finding);
    // It vanishes from under the pointer, which is on nothing then.
    if (pointed.current === finding.key) hover(null);
  };
  const draw: Marking["draw"] = (box) => {
    select(review.add(newLabel, box));
    setTool("select");
  };
  const step = (by: 1 | -1): boolean => {
    const index = findings.findIndex(({ key }) => key === selectedKey);
    const next = index < 0 && by < 0 ? findings.length - 1 : index + by;
    select(findings[next]?.key ?? null);
    return next in findings;
  };
  const chooseLabel = (label: string | undefined) => {
    if (label === undefined) return false;
    const aimed = aim();
    if (aimed !== null && tool === "select") setLabel(aimed, label);
    else {
      setNewLabel(label);
      setTool("draw");
    }
    return true;
  };
  const letGo = () => {
    if (tool === "draw") setTool("select");
    else select(null);
    return true;
  };
  const copy = () => {
    const aimed = aim();
    if (aimed === null || aimed.box === null) return;
    select(review.add(aimed.label, moved(aimed.box, COPY_OFFSET, COPY_OFFSET, picture)));
  };

  const onControl = (key: string, shift: boolean): boolean => {
    if (key === "z" && !shift) review.undo();
    else if (key === "y" || key === "z") review.redo();
    else if (key === "d") copy();
    else return false;
    return true;
  };
  const onKey = (event: KeyboardEvent): boolean => {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.ctrlKey || event.metaKey) return mayEdit && onControl(key, event.shiftKey);
    if (stage.current?.onKey(event)) return true;
    if (key === "Escape") return letGo();
    if (key === "PageDown" || key === "PageUp") {
      step(key === "PageDown" ? 1 : -1);
      return true;
    }
    if (!mayEdit) return false;
    if (key === "v" || key === "d") {
      setTool(key === "v" ? "select" : "draw");
      return true;
    }
    if (/^[1-9]$/.test(key)) return chooseLabel(labels[Number(key) - 1]);
    const aimed = aim();
    if (aimed === null) return false;
    if (key === "Delete" || key === "Backspace") reject(aimed);
    else if (key === "Enter") confirm(aimed);
    else return false;
    return true;
  };

  return {
    findings,
    selected,
    hovered,
    tool: mayEdit ? tool : "select",
    newLabel,
    mayUndo: review.mayUndo,
    mayRedo: review.mayRedo,
    select,
    hover,
    setTool,
    setNewLabel,
    setBox: (finding, box) => select(review.correct(finding, finding.label, box)),
    setLabel,
    confirm,
    reject,
    draw,
    undo: review.undo,
    redo: review.redo,
    step,
    onKey,
    chooseLabel,
  };
}
