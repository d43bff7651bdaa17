// Texts of the page Review.

import { count } from "./count";

export const review = {
  queue: {
    title: "Review",
    order: "What comes first",
    strategies: {
      requested: "Asked for",
      uncertain: "Uncertain",
      disagree: "Versions disagree",
      disputed: "People differ",
      random: "Random share",
      oldest: "Oldest",
    },
    hints: {
      requested: "Images that somebody sent to review, the longest ago first.",
      uncertain: "Images with scores near the threshold.",
      disagree: "Images that two model versions answer differently.",
      disputed: "Images on which two people said different things.",
      random: "A share drawn by chance, to see how good the model is on all of them.",
      oldest: "Images that wait longest for a review.",
    },
    upcoming: "In the queue",
    leased: (name: string) => `${name} has it open`,
    data: "This list as",
    calls: { list: "The queue", take: "Take the next image" },

    progress: "Progress of the review",
    remaining: (number: number) => `${number.toLocaleString("en")} to review`,
    reviewed: (done: number, all: number) =>
      `${done.toLocaleString("en")} of ${all.toLocaleString("en")} done`,
    today: (mine: number, all: number) =>
      all > mine ? `Today ${mine} by you, ${all} by all` : `Today ${mine} by you`,
    pace: (seconds: number) =>
      `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s an image`,
    by: (name: string, number: number) => `${name} ${number}`,

    readOnly: "You can look at the queue",
    readOnlyHint: (role: string) =>
      `Reviewing takes the role reviewer or administrator; yours is ${role}. Images can be sent to review from the page Images.`,

    accept: (number: number) =>
      number === 1 ? "Accept it and go on" : `Accept all ${number} and go on`,
    next: "Done, go on",
    asItIs: "Done as it is",
    skip: "Skip",
    back: "Back",
    space: "Space",
    open: (number: number) =>
      `${count(number, "finding is", "findings are")} not reviewed: accept, or “done as it is” leaves them out of the truth.`,
    keys: {
      title: "Through the queue",
      keys: [
        ["Space, A", "accept all that is open, done, and on to the next"],
        ["C", "done as it is, and on"],
        ["S", "skip"],
        ["B", "back to the one before"],
      ],
    },

    batch: (number: number) => count(number, "image", "images"),
    cell: (label: string | null, isSaid: boolean) =>
      label === null ? "no label yet" : isSaid ? `${label}, labelled` : `${label}, predicted`,
    noLabel: "no label",
    labelAs: (number: number) => (number === 0 ? "Label as" : `Label ${number} as`),
    confirmBatch: (number: number) => `Confirm ${number} and go on`,
    unlabelled: (number: number) => `${number} without a label stay`,
    enter: "Enter",
    gridKeys: {
      title: "Many at once",
      keys: [
        ["Click, arrows", "pick one; with Shift a run, with Ctrl one more"],
        ["Space", "pick or leave the one in focus"],
        ["Ctrl + A", "pick all"],
        ["1 – 9", "label what is picked"],
        ["Enter", "confirm all as they are labelled or predicted, and go on"],
        ["S", "skip them"],
        ["O, double click", "open one alone"],
        ["Ctrl + Z", "undo"],
        ["Esc", "pick none"],
        ["?", "this list"],
      ],
    },

    atOnce: "At a time",
    views: { one: "One", four: "Four", nine: "Nine" },
    place: (at: number, number: number) => `Image ${at} of ${number}`,
    asTheyAre: "Done as they are",
    openAlone: "Open alone (O)",
    skipOne: "Skip (S)",
    severalKeys: {
      title: "Several at a time",
      keys: [
        ["Space, A", "accept all that is open in all of them, done, and on"],
        ["C", "done as they are, and on"],
        ["Tab, arrows", "next picture: the keys are for it, or for the one pointed at"],
        ["S", "skip that picture"],
        ["O, double click", "open it alone"],
        ["B", "back to those before"],
        ["Ctrl + Z", "undo what was done last, in whichever picture"],
        ["?", "this list"],
      ],
    },

    compare: "Compare side by side",
    single: "Back to the one picture",
    person: "Whose words",
    seenBy: (name: string) => `As ${name} sees it`,
    differences: (number: number) => count(number, "difference", "differences"),
    takes: (name: string) => `As ${name}`,
    neither: "Neither",
    saysNothing: (label: string) => `${label} rejected`,
    agreed: (one: string, other: string) => `${one} and ${other} agree`,
    agreedHint: "They say the same of every finding that both spoke of.",
    compareKeys: {
      title: "Side by side",
      keys: [
        ["↑ ↓", "choose a difference"],
        ["←", "as on the left"],
        ["→", "as on the right"],
        ["N", "neither: reject both"],
        ["Ctrl + Z", "undo"],
        ["?", "this list"],
      ],
    },

    taking: "Fetching the next image…",
    away: "The server cannot be reached",
    awayHint:
      "What you have said is kept in this browser and sent when the server is back. Trying again by itself.",
    held: (name: string) => `${name} is at this image`,
    heldHint: "It is free again when they are done, or ten minutes after they left.",
    lost: (name: string) =>
      `${name} has taken it meanwhile. What you say is kept all the same; the later word counts.`,
    other: "Take another one",
    missing: "This image cannot be reviewed here",
    missingHint: "It is not of this application, or it does not exist.",
    ended: (strategy: string) => `Nothing more under “${strategy}”`,
    endedHint: (number: number) =>
      number === 0
        ? "All is reviewed, or others have the rest open."
        : `You went through ${count(number, "image", "images")}. What you skipped, and what others have open, is still there.`,
    again: "Look again",
    goOn: (strategy: string, number: number) => `${strategy}: ${number.toLocaleString("en")}`,
    nothingYet: "No images yet",
    nothingYetHint: "Images come to the queue when they are predicted or ingested.",
    toPredict: "Add images",
  },
} as const;
