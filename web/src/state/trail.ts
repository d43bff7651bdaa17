// The images that a reviewer goes through: those seen, the one in hand and a few taken ahead, all
// under leases of the server, so that two reviewers never work on the same one.

import { ApiError } from "../api/client";
import type { QueueItem, Strategy, Taken, Wanted } from "../api/queue";
import { nameOf } from "../domain/people";
import { Store } from "./store";

export interface Held {
  readonly by: string;
  readonly until: string;
}

export interface TrailState {
  // In the order in which they are gone through.
  readonly items: readonly QueueItem[];
  // Those that the reviewer is through with: completed, or skipped.
  readonly left: ReadonlySet<string>;
  // Those that somebody else holds.
  readonly held: ReadonlyMap<string, Held>;
  // `ended`: the queue has nothing more that is free.
  readonly phase: "resting" | "taking" | "unreachable" | "ended" | "refused";
  readonly problem: string | null;
}

export interface TrailPorts {
  take(wanted: Wanted): Promise<Taken>;
  release(objectIds: readonly string[]): Promise<unknown>;
}

const RETRY_MS = [1_000, 2_000, 5_000, 10_000];
// So many of those seen are named to the server, to be given others.
const NAMED = 300;

const FRESH: TrailState = {
  items: [],
  left: new Set(),
  held: new Map(),
  phase: "resting",
  problem: null,
};

export class Trail extends Store<TrailState> {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private isStopped = false;
  private last: Promise<void> = Promise.resolve();
  private visited: string[] = [];
  private readonly completed = new Set<string>();

  constructor(
    private readonly strategy: Strategy,
    private readonly ports: TrailPorts,
    // So many are taken at once, and kept ahead of the one in hand.
    private readonly ahead = 2,
  ) {
    super(FRESH);
  }

  // Takes an image by its id, and others for after it.
  async open(objectId: string | null): Promise<void> {
    this.isStopped = false;
    if (objectId !== null && !this.visited.includes(objectId)) this.visited.push(objectId);
    await this.ask(async () => {
      const isHeld = this.waiting(null).some((one) => one.object_id === objectId);
      if (objectId !== null && !isHeld) await this.takeThese([objectId]);
      await this.fill(objectId);
    });
  }

  // The images that are still to be looked at, the one of the id left out.
  waiting(objectId: string | null): QueueItem[] {
    const { items, left, held } = this.get();
    return items.filter(
      ({ object_id }) => object_id !== objectId && !left.has(object_id) && !held.has(object_id),
    );
  }

  // The one that was open before it.
  before(objectId: string): string | null {
    return this.visited[this.visited.indexOf(objectId) - 1] ?? null;
  }

  // Through with an image. Of one that is skipped the lease is given back at once; that of a
  // completed one ends when the server has it.
  leave(objectId: string, how: "completed" | "skipped"): void {
    this.change({ left: new Set([...this.get().left, objectId]) });
    if (how === "completed") this.completed.add(objectId);
    else this.completed.delete(objectId);
    if (how === "skipped") void this.ports.release([objectId]).catch(() => {});
  }

  // Comes back to images that the reviewer was through with.
  comeBack(objectIds: readonly string[]): void {
    this.change({ left: new Set([...this.get().left].filter((id) => !objectIds.includes(id))) });
    void this.renew(null);
  }

  // Looks again at what was skipped.
  again(): void {
    void this.ask(async () => {
      // What is completed is not to be looked at again, also before the server has heard of it.
      const items = this.get().items.filter((one) => this.completed.has(one.object_id));
      this.change({ ...FRESH, items, left: new Set(this.completed) });
      this.visited = [];
      await this.fill(null);
    });
  }

  // Makes the leases last longer.
  async renew(objectId: string | null): Promise<void> {
    const ids = this.waiting(objectId).map((one) => one.object_id);
    const wanted = objectId === null || this.get().left.has(objectId) ? ids : [objectId, ...ids];
    if (wanted.length > 0) await this.ask(() => this.takeThese(wanted));
  }

  // Gives back what is held.
  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
    const { items, left, held } = this.get();
    const ids = items.map((one) => one.object_id).filter((id) => !left.has(id) && !held.has(id));
    if (ids.length > 0) void this.ports.release(ids).catch(() => {});
  }

  // One after the other, so that nothing is taken twice.
  private ask(what: () => Promise<void>): Promise<void> {
    clearTimeout(this.timer);
    this.last = this.last.then(async () => {
      try {
        await what();
        this.failures = 0;
      } catch (error) {
        this.fail(error, what);
      }
    });
    return this.last;
  }

  private async takeThese(ids: readonly string[]): Promise<void> {
    this.add(await this.ports.take({ strategy: this.strategy, object_ids: ids }));
  }

  private async fill(objectId: string | null): Promise<void> {
    const count = this.ahead + (objectId === null ? 1 : 0) - this.waiting(objectId).length;
    if (count <= 0) return this.change({ phase: "resting", problem: null });
    this.change({ phase: "taking" });
    const skip = this.get().items.map((one) => one.object_id);
    const held = [...this.get().held.keys()];
    const wanted = { strategy: this.strategy, count, skip: [...skip, ...held].slice(-NAMED) };
    const taken = await this.ports.take(wanted);
    this.add(taken);
    this.change({ phase: taken.items.length < count ? "ended" : "resting", problem: null });
  }

  private add({ items, held }: Taken): void {
    const state = this.get();
    const fresh = new Map(items.map((one) => [one.object_id, one]));
    const known = state.items.map((one) => fresh.get(one.object_id) ?? one);
    const ids = new Set(known.map((one) => one.object_id));
    const others = held.map(
      (one) => [one.object_id, { by: nameOf(one.leased_by), until: one.leased_until }] as const,
    );
    const kept = [...state.held].filter(([id]) => !fresh.has(id));
    this.change({
      items: [...known, ...items.filter((one) => !ids.has(one.object_id))],
      held: new Map([...kept, ...others]),
    });
    // What came after the page was left is nobody's work.
    if (this.isStopped) this.stop();
  }

  private fail(error: unknown, what: () => Promise<void>): void {
    if (this.isStopped) return;
    if (error instanceof ApiError && !error.passes) {
      this.change({ phase: "refused", problem: error.message });
      return;
    }
    this.change({ phase: "unreachable", problem: error instanceof Error ? error.message : "" });
    const delay = RETRY_MS[Math.min(this.failures, RETRY_MS.length - 1)] as number;
    this.failures += 1;
    this.timer = setTimeout(() => void this.ask(what), delay);
  }

  private change(fields: Partial<TrailState>): void {
    this.set({ ...this.get(), ...fields });
  }
}
