// Texts of the picture with its findings, wherever it is shown.

import { count } from "./count";

export const workspace = {
  thresholds: {
    title: "Thresholds",
    confidence: "Confidence",
    confidenceHint: "Shows what the model is at least this sure of.",
    overlap: "Overlap",
    overlapHint: "Of boxes of one label that overlap more than this, only the surest is shown.",
    reset: "As answered",
    hidden: (number: number) => `${count(number, "candidate", "candidates")} hidden`,
  },

  findings: {
    title: "Findings",
    list: "Findings, the surest first",
    labels: "Labels",
    score: (score: number) => `${Math.round(score * 100)} %`,
    person: "by hand",
    unsure: "not answered, below the thresholds asked for",
    verdicts: {
      open: "not reviewed",
      confirmed: "confirmed",
      corrected: "corrected",
      added: "added",
      rejected: "rejected",
    },
  },

  review: {
    title: "Review",
    label: "Label",
    confirm: "Confirm",
    keep: "Add it",
    restore: "Restore",
    reject: "Reject",
    confirmAll: (number: number) => `Confirm ${number === 1 ? "it" : `all ${number}`}`,
    complete: "Mark as done",
    done: "Done",
    doneHint: "This image counts as reviewed. Later changes count too.",
    open: (number: number) =>
      `${count(number, "finding is", "findings are")} not reviewed and will not count as truth.`,
    ready: "Everything shown is reviewed.",
    empty: "Marked as done like this, the image counts as one with nothing in it.",
    truth: "What is it?",
    truthHint: "Choose the one true label.",
    unlabelled: "Choose the true label first; then the image can be done.",
    readOnly: (role: string) =>
      `You can look. Correcting takes the role reviewer or administrator; yours is ${role}.`,
    saved: "All saved",
    saving: "Saving…",
    unreachable: "Not saved: the server cannot be reached. Kept here, trying again.",
    waiting: (number: number) =>
      `Not saved: the server cannot be reached. ${count(number, "word", "words")} on earlier images ${number === 1 ? "is" : "are"} kept here, trying again.`,
    refused: (reason: string) => `Not taken: ${reason}`,
    discard: "Discard",
    retry: "Try again",
  },

  stage: {
    title: "Image",
    describe:
      "Tab and the page keys select the next finding. Arrow keys move it, with Shift by ten pixels, with Alt its lower right corner. Enter confirms, Delete rejects, Escape lets go. A question mark lists all keys.",
    describeAmong:
      "Tab and the arrows lead to the next picture, the page keys to the next finding. Arrow keys move a selected finding, with Shift by ten pixels, with Alt its lower right corner. Enter confirms, Delete rejects, Escape lets go, Space accepts all pictures. A question mark lists all keys.",
    select: "Select and move",
    draw: "Draw a box",
    drawHint: "Drag over the image; with the keyboard, Enter puts a box in the middle.",
    newLabel: "Label of new boxes",
    zoomIn: "Zoom in",
    zoomOut: "Zoom out",
    fit: "Show the whole image",
    zoom: (scale: number) => `${Math.round(scale * 100)} %`,
    rejected: "Show what was rejected",
    boxes: "Show the boxes",
    keys: "Keys",
    undo: "Undo",
    redo: "Redo",
  },

  keys: {
    title: "Keys",
    boxes: {
      title: "Boxes",
      keys: [
        ["1 – 9", "label of the box under the pointer or selected; with none, draw one"],
        ["Delete", "reject that box"],
        ["Enter", "confirm that box"],
        ["Drag", "move or resize any box; on empty ground draw one"],
        ["D", "draw, also over other boxes"],
        ["V", "select and move"],
        ["Page ↑ ↓", "next and previous finding; also Tab, in a picture alone"],
        ["← ↑ → ↓", "nudge the selected box, with Shift by ten"],
        ["Alt + arrows", "resize it"],
        ["Ctrl + D", "copy the box"],
        ["Ctrl + Z", "undo, also what is saved"],
        ["Ctrl + Shift + Z", "redo"],
        ["Esc", "let go"],
      ],
    },
    label: {
      title: "The label",
      keys: [
        ["1 – 9", "the true label"],
        ["Enter", "the predicted label is true"],
        ["Ctrl + Z", "undo, also what is saved"],
        ["Ctrl + Shift + Z", "redo"],
      ],
    },
    view: {
      title: "The picture",
      keys: [
        ["Wheel, + −", "zoom; then dragging moves the picture"],
        ["0", "the whole picture"],
        ["H", "hide and show the boxes"],
        ["Right drag", "window and level"],
        ["I", "invert"],
        ["?", "this list"],
      ],
    },
  },

  facts: {
    model: (version: string) => `Model ${version}`,
    noModel: "No model",
    size: (width: number, height: number) => `${width} × ${height}`,
    duration: (ms: number) => (ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`),
  },
} as const;
