import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "../api/client";
import type { QueueItem, Taken, Wanted } from "../api/queue";
import { Trail } from "./trail";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

// A queue of the server with its leases; `away` while it cannot be reached.
class Queue {
  away = false;
  readonly leases = new Map<string, string>();

  constructor(readonly ids: string[]) {}

  ports(user: string) {
    return {
      take: async (wanted: Wanted): Promise<Taken> => {
        if (this.away) throw new ApiError(0, "unreachable");
        const free = (id: string) => (this.leases.get(id) ?? user) === user;
        const skip = new Set(wanted.skip);
        const all = this.ids.filter((id) => free(id) && !skip.has(id)).slice(0, wanted.count);
        const asked = wanted.object_ids ?? all;
        for (const id of asked.filter(free)) this.leases.set(id, user);
        const held = asked.filter((id) => !free(id));
        const by = (id: string) => this.leases.get(id) ?? "";
        return {
          items: asked.filter(free).map(itemOf),
          held: held.map((id) => ({ object_id: id, leased_by: by(id), leased_until: "" })),
          lease_s: 600,
        };
      },
      release: async (ids: readonly string[]) => {
        for (const id of ids) if (this.leases.get(id) === user) this.leases.delete(id);
      },
    };
  }
}

function itemOf(id: string): QueueItem {
  return { object_id: id, inference_id: id } as QueueItem;
}

const idsOf = (items: readonly QueueItem[]) => items.map(({ object_id }) => object_id);

test("the next ones are held before they are asked for, and given back in the end", async () => {
  const queue = new Queue(["a", "b", "c", "d", "e"]);
  const trail = new Trail("oldest", queue.ports("rita"));
  await trail.open(null);
  expect(idsOf(trail.waiting(null))).toEqual(["a", "b", "c"]);
  await trail.open("a");
  expect([...queue.leases.keys()]).toEqual(["a", "b", "c"]);
  trail.leave("a", "completed");
  await trail.open("b");
  expect(idsOf(trail.waiting("b"))).toEqual(["c", "d"]);
  expect(trail.before("b")).toBe("a");
  trail.stop();
  expect([...queue.leases.keys()]).toEqual(["a"]);
});

test("two reviewers never hold the same image, also when they open one by its address", async () => {
  const queue = new Queue(["a", "b", "c", "d", "e", "f"]);
  const [rita, otto] = [queue.ports("rita"), queue.ports("otto")].map(
    (ports) => new Trail("oldest", ports),
  ) as [Trail, Trail];
  await Promise.all([rita.open(null), otto.open(null)]);
  const both = [...idsOf(rita.waiting(null)), ...idsOf(otto.waiting(null))];
  expect(new Set(both).size).toBe(6);
  await otto.open("a");
  expect(otto.get().held.get("a")?.by).toBe("rita");
  expect(idsOf(otto.waiting(null))).not.toContain("a");
});

test("what was skipped is free for others and does not come again", async () => {
  const queue = new Queue(["a", "b", "c", "d"]);
  const trail = new Trail("oldest", queue.ports("rita"), 1);
  await trail.open("a");
  trail.leave("a", "skipped");
  await trail.open("b");
  expect(queue.leases.has("a")).toBe(false);
  expect(idsOf(trail.waiting("b"))).toEqual(["c"]);
  for (const id of ["b", "c", "d"]) trail.leave(id, "completed");
  queue.ids.splice(1);
  await trail.open(null);
  expect(trail.get().phase).toBe("ended");
  trail.again();
  await vi.advanceTimersByTimeAsync(1);
  expect(idsOf(trail.waiting(null))).toEqual(["a"]);
});

test("while the server is away the ones in hand stay, and more are taken once it is back", async () => {
  const queue = new Queue(["a", "b", "c", "d"]);
  const trail = new Trail("oldest", queue.ports("rita"), 1);
  await trail.open("a");
  queue.away = true;
  trail.leave("a", "completed");
  await trail.open("b");
  expect(trail.get().phase).toBe("unreachable");
  expect(idsOf(trail.get().items)).toEqual(["a", "b"]);
  queue.away = false;
  await vi.advanceTimersByTimeAsync(1_100);
  expect(trail.get().phase).toBe("resting");
  expect(idsOf(trail.waiting("b"))).toEqual(["c"]);
});

test("what was completed comes again only when it is asked for", async () => {
  const queue = new Queue(["a", "b", "c"]);
  const trail = new Trail("oldest", queue.ports("rita"), 1);
  await trail.open(null);
  trail.leave("a", "completed");
  trail.leave("b", "skipped");
  // The server has not heard of it yet, and would give it once more.
  trail.again();
  await vi.advanceTimersByTimeAsync(1);
  expect(idsOf(trail.waiting(null))).toEqual(["b", "c"]);
  trail.comeBack(["a"]);
  await vi.advanceTimersByTimeAsync(1);
  expect(idsOf(trail.waiting(null))).toEqual(["a", "b", "c"]);
  expect(queue.leases.get("a")).toBe("rita");
});
