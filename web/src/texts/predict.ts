// Texts of the page Predict.

import { count } from "./count";

export const predict = {
  predict: {
    title: "Predict",
    drop: "Drop images here",
    dropHint: "or a whole folder; paste one, or",
    choose: "choose files",
    or: " or ",
    chooseFolder: "a folder",
    add: "Add images",
    addFolder: "Add a folder",
    others: (number: number) =>
      `${count(number, "file", "files")} of the folder left out: not an image by the name.`,
    calls: {
      predict: "Predict an image",
      list: "Past inferences",
      one: "This inference, with what people said of it",
      annotate: "Say that this image is done",
    },
    formats: "JPEG, PNG, WebP, TIFF, BMP or DICOM",
    release: "Release to predict",
    releaseHint: (app: string) => `The images go to ${app}.`,
    noModel: "No model yet",
    noModelHint: (app: string) =>
      `The image is kept. Train and promote a model for ${app}, then add the image again to see what it finds.`,
    noModelShort: "No model yet: images are kept, and nothing is predicted.",
    nothing: "Nothing found",
    nothingHint: "Lower the confidence to see what the model was less sure of.",
    nothingEver: "The model found nothing in this image, not even unsure of it.",
    notFound: "This inference does not exist, or you may not see it.",
    picture: (label: string) => `Image of inference ${label}`,
    noPicture: "The image cannot be shown. The findings are beside it.",
    loading: "Loading…",
  },

  uploads: {
    title: "Uploads",
    progress: (done: number, all: number) =>
      `${done.toLocaleString("en")} of ${all.toLocaleString("en")} sent`,
    failed: (number: number) => `${number.toLocaleString("en")} failed`,
    more: (number: number) => `and ${number.toLocaleString("en")} more`,
    stop: "Stop",
    stopHint: "Sends no more of what waits",
    waiting: "waiting",
    sending: (share: number) => `sending, ${Math.round(share * 100)} %`,
    working: "the model is looking",
    done: "done",
    // The only place where the answer to such an image is told.
    unkept: (found: readonly string[], others: number) => {
      const more = others > 0 ? ` and ${others.toLocaleString("en")} more` : "";
      return `not kept: ${found.join(", ") || "nothing found"}${more}`;
    },
    open: (file: string) => `Open the result of ${file}`,
    retry: (file: string) => `Send ${file} again`,
    dismiss: (file: string) => `Take ${file} off the list`,
  },

  history: {
    title: "Past inferences",
    empty: "None yet. What you add appears here.",
    older: "Show older",
    findings: (number: number) => count(number, "finding", "findings"),
    reviewed: "reviewed",
    noModel: "no model",
  },
} as const;
