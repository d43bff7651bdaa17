// Texts of the page Home.

import { bytes } from "./bytes";

// What a layer counts: the word for one, and for any other number.
const NOUNS: Readonly<Record<string, readonly [string, string]>> = {
  objects: ["object", "objects"],
  images: ["image", "images"],
  files: ["file", "files"],
  inferences: ["inference", "inferences"],
  predictions: ["prediction", "predictions"],
  annotations: ["annotation", "annotations"],
  reviews: ["review", "reviews"],
  reviewed: ["reviewed", "reviewed"],
  waiting: ["not loaded yet", "not loaded yet"],
  loads: ["load", "loads"],
  rows: ["row", "rows"],
  views: ["view", "views"],
  materialized: ["materialized", "materialized"],
  snapshots: ["snapshot", "snapshots"],
  versions: ["version", "versions"],
  models: ["model", "models"],
  champions: ["champion", "champions"],
};

export const home = {
  home: {
    title: "Home",
    lead: "Everything that the applications see, predict and are corrected on is kept in layers, can be queried as of any moment, and becomes training data and better models again.",
    counted: (name: string, number: number): string => {
      if (name.endsWith("bytes")) return bytes(number);
      const [one, many] = NOUNS[name] ?? [name.replaceAll("_", " "), name.replaceAll("_", " ")];
      return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
    },
    noun: (name: string, number: number): string => {
      const [one, many] = NOUNS[name] ?? [name.replaceAll("_", " "), name.replaceAll("_", " ")];
      return number === 1 ? one : many;
    },
    newest: (ago: string) => `newest ${ago}`,
    calls: { layers: "The layers", apps: "The applications" },
  },

  layers: {
    title: "The loop",
    names: {
      raw: "Raw",
      capture: "Capture",
      history: "History",
      analytics: "Analytics",
      training: "Training",
      models: "Models",
    },
    what: {
      raw: "Images and files as they came",
      capture: "What was predicted and corrected",
      history: "Every fact, for ever, in Delta tables",
      analytics: "Views over all of it, as of any moment",
      training: "Frozen sets to learn from",
      models: "What answers, and what may follow it",
    },
    // What leads from each layer to the next one.
    ways: {
      raw: "predict",
      capture: "load",
      history: "query",
      analytics: "freeze",
      training: "train",
      models: "serve",
    },
    states: { ok: "in order", empty: "empty", behind: "behind", broken: "broken" },
  },

  steps: {
    title: "First steps",
    progress: (done: number, all: number) => `${done} of ${all} done`,
    done: "done",
    command: "In the folder of the project:",
    upload: {
      title: "Upload an image",
      text: "Drop one of your own on Predict. Without a model yet it is kept all the same.",
      action: "Go to Predict",
    },
    correct: {
      title: "Correct what the model found",
      text: "Move a box or change a label, then mark the image as done: from then on it is truth.",
      action: "Go to Review",
      other: "Correcting takes the role reviewer or administrator.",
    },
    history: {
      title: "See it become history",
      text: "A load takes what was said into the history, where nothing is ever changed in place.",
      command: "millpond run history",
    },
    query: {
      title: "Ask the data",
      text: "Plain SQL over every layer, now or as of any moment before.",
      command: 'millpond query "select label, count(*) from ground_truth group by label"',
    },
    retrain: {
      title: "Train a better model",
      text: "Freeze what is true now, learn from it, and let the better model answer.",
      command: (app: string, next: string) =>
        [
          `millpond snapshot create first --app ${app}`,
          `millpond train --app ${app} --snapshot first`,
          `millpond models promote ${next}`,
        ].join("\n"),
    },
  },

  apps: {
    title: "Applications",
    champion: (version: string) => `answered by ${version}`,
    noChampion: "no model yet",
    labels: (app: string) => `Labels of ${app}`,
    tasks: { detection: "Detection", classification: "Classification" },
  },
} as const;
