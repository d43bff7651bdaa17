import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "../api/client";
import type { AnnotationBody } from "../api/types";
import { added, completed } from "../domain/changes";
import { Outbox } from "./outbox";

// The storage of a browser, in memory.
class Memory implements Storage {
  private readonly rows = new Map<string, string>();
  get length() {
    return this.rows.size;
  }
  key = (index: number) => [...this.rows.keys()][index] ?? null;
  getItem = (key: string) => this.rows.get(key) ?? null;
  setItem = (key: string, value: string) => void this.rows.set(key, value);
  removeItem = (key: string) => void this.rows.delete(key);
  clear = () => this.rows.clear();
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function outbox(storage: Storage, answer: (bodies: AnnotationBody[]) => void, user = "rita") {
  const sent: string[][] = [];
  const kept: string[] = [];
  const send = async (place: string, bodies: AnnotationBody[]) => {
    sent.push(bodies.map(({ annotation_id }) => annotation_id));
    answer(bodies);
    kept.push(place);
    return [];
  };
  return { sent, kept, box: new Outbox(user, { storage, send, onKept: () => {} }) };
}

test("changes made together are sent together, and forgotten once kept", async () => {
  const storage = new Memory();
  const { box, sent } = outbox(storage, () => {});
  box.add(added("i", "a", [0, 0, 5, 5]));
  box.add(completed("i"));
  expect(storage.length).toBe(2);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(sent).toHaveLength(1);
  expect(sent[0]).toHaveLength(2);
  expect(storage.length).toBe(0);
  expect(box.get()).toEqual({ changes: [], phase: "resting" });
});

test("nothing is lost while the server is away, and the ids stay the same", async () => {
  const storage = new Memory();
  let away = true;
  const answer = () => {
    if (away) throw new ApiError(0, "unreachable");
  };
  const { box, sent } = outbox(storage, answer);
  const change = added("i", "a", [0, 0, 5, 5]);
  box.add(change);
  await vi.advanceTimersByTimeAsync(700);
  expect(box.get().phase).toBe("unreachable");
  expect(storage.length).toBe(1);
  away = false;
  await vi.advanceTimersByTimeAsync(1_100);
  expect(sent.flat()).toEqual([change.body.annotation_id, change.body.annotation_id]);
  expect(storage.length).toBe(0);
});

test("what an earlier visit left is sent by the same person alone", async () => {
  const storage = new Memory();
  const before = outbox(storage, () => {
    throw new ApiError(503, "busy");
  });
  before.box.add(completed("i"));
  await vi.advanceTimersByTimeAsync(700);
  before.box.stop();
  const other = outbox(storage, () => {}, "rita.b");
  other.box.wake();
  await vi.advanceTimersByTimeAsync(700);
  expect(other.sent).toEqual([]);
  const again = outbox(storage, () => {});
  again.box.wake();
  await vi.advanceTimersByTimeAsync(700);
  expect(again.sent).toEqual(before.sent);
  expect(storage.length).toBe(0);
});

test("one refused change does not hold up the others", async () => {
  const storage = new Memory();
  const bad = added("i", "nonsense", [0, 0, 5, 5]);
  const good = added("i", "a", [0, 0, 5, 5]);
  const { box, kept } = outbox(storage, (bodies) => {
    if (bodies.some(({ label }) => label === "nonsense")) throw new ApiError(422, "no such label");
  });
  box.add(bad);
  box.add(good);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(kept).toHaveLength(1);
  expect(box.get().changes).toMatchObject([{ body: bad.body, problem: "no such label" }]);
  box.discard("i");
  expect(storage.length).toBe(0);
});
