import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Annotation, AnnotationBody } from "../api/types";
import { added, completed, confirmed, corrected, rejected } from "../domain/changes";
import type { Box } from "../domain/geometry";
import { type Finding, reviewOf, standings } from "../domain/review";
import type { Subject } from "../domain/subject";
import { Deeds } from "./deeds";
import { Hand, laid } from "./hand";
import { Outbox } from "./outbox";

const AT = { confidence: 0.5, overlap: 0.45 };
const BOX: Box = [0, 0, 10, 10];

// A server that keeps what it is sent, and a hand that works on its image.
class Bench {
  readonly kept: Annotation[] = [];
  readonly deeds = new Deeds();
  readonly outbox: Outbox;

  constructor() {
    const storage = { getItem: () => null, setItem() {}, removeItem() {}, key: () => null };
    const ports = { storage: { ...storage, length: 0 }, send: this.send, onKept() {} };
    this.outbox = new Outbox("rita", ports);
  }

  get subject(): Subject {
    return {
      inference_id: "i",
      object_id: "o",
      app: "cells",
      model_version: "cells-1",
      width: 100,
      height: 100,
      duration_ms: 5,
      threshold: 0.5,
      nms_threshold: 0.45,
      predictions: [
        { prediction_id: "p1", label: "a", score: 0.9, box: BOX },
        { prediction_id: "p2", label: "b", score: 0.6, box: [50, 50, 60, 60] },
      ],
      annotations: this.kept,
    };
  }

  get hand(): Hand {
    return new Hand(this.subject, this.outbox, this.deeds);
  }

  // All that waits reaches the server.
  flush(): void {
    for (const { body } of this.outbox.get().changes) this.keep(body);
    for (const { root } of this.outbox.get().changes) this.outbox.withdraw("i", root);
  }

  findings(): readonly Finding[] {
    return reviewOf(this.subject, this.said(), AT).findings;
  }

  find(key: string): Finding | undefined {
    return this.findings().find((one) => one.key === key);
  }

  // What stands, as a picture to compare: the label and box of each root.
  truth() {
    const all = [...standings(this.subject, this.said())];
    return all
      .filter(([, { verdict }]) => verdict !== "rejected")
      .map(([root, { label, box }]) => [root, label, box])
      .sort();
  }

  private said(): Annotation[] {
    return laid(this.subject, this.outbox.get().changes);
  }

  private readonly send = async () => [];

  private keep(body: AnnotationBody): void {
    const target = body.prediction_id ?? body.target ?? null;
    const about = this.subject.predictions.find((one) => one.prediction_id === target);
    const copies = body.action === "confirm";
    this.kept.push({
      annotation_id: body.annotation_id,
      action: body.action,
      target,
      label: body.label ?? (copies ? (about?.label ?? null) : null),
      box: body.box ?? (copies ? (about?.box ?? null) : null),
      annotator: "rita",
      recorded_at: `2026-01-01T00:00:00.${String(this.kept.length).padStart(6, "0")}Z`,
    });
  }
}

let bench: Bench;
beforeEach(() => {
  vi.useFakeTimers();
  bench = new Bench();
});
afterEach(() => void vi.useRealTimers());

function confirm(key: string): void {
  bench.hand.act(confirmed("i", bench.find(key) as Finding));
}
function correct(key: string, label: string, box: Box): void {
  bench.hand.act(corrected("i", bench.find(key) as Finding, label, box));
}
function reject(key: string): void {
  bench.hand.act(rejected("i", bench.find(key) as Finding));
}

describe.each(["before", "after"])("undo %s it was sent", (when) => {
  const settle = () => {
    if (when === "after") bench.flush();
  };

  test("opens a confirmed prediction again", () => {
    confirm("p1");
    settle();
    bench.hand.undo();
    expect(bench.find("p1")?.verdict).toBe("open");
    const actions = bench.outbox.get().changes.map(({ body }) => body.action);
    expect(actions).toEqual(when === "after" ? ["reopen"] : []);
    bench.hand.redo();
    expect(bench.find("p1")?.verdict).toBe("confirmed");
  });

  test("brings back each state of one box, one after the other", () => {
    const seen = [bench.truth()];
    const deeds = [
      () => correct("p1", "b", [1, 1, 9, 9]),
      () => correct("p1", "b", [30, 1, 38, 9]),
      () => reject("p1"),
      () => bench.hand.act(...bench.hand.towards(new Map([["p1", was("confirmed")]]))),
      () => confirm("p2"),
    ];
    for (const deed of deeds) {
      // No nudges of one moment.
      vi.setSystemTime(Date.now() + 5_000);
      deed();
      settle();
      seen.push(bench.truth());
    }
    for (const before of seen.slice(0, -1).reverse()) {
      bench.hand.undo();
      settle();
      expect(bench.truth()).toEqual(before);
    }
    for (const after of seen.slice(1)) {
      bench.hand.redo();
      settle();
      expect(bench.truth()).toEqual(after);
    }
  });

  test("takes an added box away, and puts it back", () => {
    const key = bench.hand.act(added("i", "a", [20, 20, 40, 40]));
    settle();
    bench.hand.undo();
    settle();
    expect(bench.truth()).toEqual([]);
    bench.hand.redo();
    settle();
    expect(bench.truth()).toEqual([[key, "a", [20, 20, 40, 40]]]);
  });

  test("takes back what was done at once at once, the word that it is done only while it waits", () => {
    const open = bench.findings().map((one) => confirmed("i", one));
    bench.hand.act(...open, completed("i"));
    settle();
    bench.hand.undo();
    settle();
    expect(bench.truth()).toEqual([]);
    const said = laid(bench.subject, bench.outbox.get().changes);
    expect(said.some(({ action }) => action === "complete")).toBe(when === "after");
  });
});

test("nudges that follow each other are one step", () => {
  for (const x of [11, 12, 13]) correct("p1", "a", [0, 0, x, 10]);
  expect(bench.deeds.of("i").done).toHaveLength(1);
  bench.hand.undo();
  expect(bench.find("p1")).toMatchObject({ verdict: "open", box: BOX });
});

test("a new deed forgets what was undone", () => {
  confirm("p1");
  bench.hand.undo();
  reject("p2");
  bench.hand.redo();
  expect(bench.find("p1")?.verdict).toBe("open");
});

function was(verdict: "confirmed") {
  return { verdict, label: "b", box: [30, 1, 38, 9] as Box };
}
