// Texts of what is done with the picture itself: its look, its tags, taking it along.

import { count } from "./count";

export const picture = {
  look: {
    open: "Window and level",
    title: "Window and level",
    center: "Level",
    centerHint: "The value that is shown as middle grey.",
    width: "Window",
    widthHint: "How many values lie between black and white.",
    invert: "Invert",
    reset: "Reset",
    hint: "Or drag over the picture with the right button: sideways for the window, up and down for the level. I inverts.",
  },

  tags: {
    open: "DICOM tags",
    title: "DICOM tags",
    search: "Find a tag or a value",
    withheld: (number: number) =>
      `${count(number, "tag is", "tags are")} withheld, for they can say who somebody is. The data-protection officer and administrators see them.`,
    empty: "(empty)",
    none: "No tag is like that.",
  },

  download: {
    open: "Download",
    answer: "The answer",
    picture: "Picture with boxes",
    coco: "Boxes of this image",
    original: "The file as it came",
    failed: (reason: string) => `The picture could not be made: ${reason}.`,
  },
} as const;
