// Which box is selected, which tool is in hand, and what the keys do to them.

import { type KeyboardEvent, type RefObject, useState } from "react";
import type { Finding } from "../domain/review";
import type { Marking, StageHandle, Tool } from "../stage/marking";
import type { ReviewDesk } from "./useReview";

export function useMarking(
  review: ReviewDesk,
  labels: readonly string[],
  stage: RefObject<StageHandle | null>,
): Marking {
  const [selectedKey, select] = useState<string | null>(null);
  const [hovered, hover] = useState<string | null>(null);
  const [tool, setTool] = useState<Tool>("select");
  const [newLabel, setNewLabel] = useState(labels[0] ?? "");
  const { findings, mayEdit } = review;
  const selected = findings.find(({ key }) => key === selectedKey) ?? null;

  const setLabel = (finding: Finding, label: string) => {
    if (label !== finding.label) select(review.correct(finding, label, finding.box));
  };
  const confirm = (finding: Finding) => {
    // A candidate lives on as the box that is added for it.
    if (finding.source === "candidate") select(review.add(finding.label, finding.box));
    else review.confirm(finding);
  };
  const reject = (finding: Finding) => {
    if (finding.source !== "candidate") review.reject(finding);
  };
  const step = (by: 1 | -1) => {
    const index = findings.findIndex(({ key }) => key === selectedKey);
    const start = index < 0 && by < 0 ? 0 : index;
    select(findings.at((start + by) % findings.length)?.key ?? null);
  };
  const chooseLabel = (label: string | undefined) => {
    if (label === undefined) return false;
    if (selected !== null && tool === "select") setLabel(selected, label);
    else setNewLabel(label);
    return true;
  };

  // Whether the key means something here.
  const act = (key: string): boolean => {
    if (key === "Escape") {
      if (tool === "draw") setTool("select");
      else select(null);
      return true;
    }
    if (key === "PageDown" || key === "PageUp") {
      step(key === "PageDown" ? 1 : -1);
      return true;
    }
    if (stage.current?.onKey(key)) return true;
    if (!mayEdit) return false;
    if (key === "v" || key === "d") {
      setTool(key === "v" ? "select" : "draw");
      return true;
    }
    if (/^[1-9]$/.test(key)) return chooseLabel(labels[Number(key) - 1]);
    if (selected === null) return false;
    if (key === "Delete" || key === "Backspace") reject(selected);
    else if (key === "Enter") confirm(selected);
    else return false;
    return true;
  };

  return {
    findings,
    selected,
    hovered,
    tool: mayEdit ? tool : "select",
    newLabel,
    select,
    hover,
    setTool,
    setNewLabel,
    setBox: (finding, box) => select(review.correct(finding, finding.label, box)),
    setLabel,
    confirm,
    reject,
    draw: (box) => {
      select(review.add(newLabel, box));
      setTool("select");
    },
    step,
    onKey: (event) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || isOwnKey(event)) return;
      if (act(event.key.length === 1 ? event.key.toLowerCase() : event.key)) event.preventDefault();
    },
  };
}

// Whether the key belongs to the control that has the focus.
function isOwnKey({ key, target }: KeyboardEvent): boolean {
  if (!(target instanceof Element)) return false;
  if (target.closest("input, [role=combobox], [role=option], [role=listbox]") !== null) {
    return key !== "Escape";
  }
  return key === "Enter" && target.closest("button") !== null;
}
