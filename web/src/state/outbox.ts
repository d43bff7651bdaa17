// The changes on their way to the server: kept in the browser until the server has kept them.

import { ApiError } from "../api/client";
import type { Annotation, AnnotationBody } from "../api/types";
import { type Change, joined } from "../domain/changes";
import type { Place } from "../domain/subject";
import { Store } from "./store";

export interface OutboxState {
  readonly changes: readonly Change[];
  readonly phase: "resting" | "sending" | "unreachable";
}

export interface OutboxPorts {
  readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;
  send(place: Place, bodies: AnnotationBody[]): Promise<Annotation[]>;
  onKept(place: Place, kept: readonly Annotation[]): void;
}

// So long after the last change it is sent, so that ten nudges are one annotation.
const PAUSE_MS = 600;
const RETRY_MS = [1_000, 2_000, 5_000, 10_000, 30_000];

// One outbox per signed-in person; each change is a row of its own, so that tabs do not
// overwrite each other. Two tabs may send the same change: its id makes that once.
export class Outbox extends Store<OutboxState> {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;

  constructor(
    user: string,
    private readonly ports: OutboxPorts,
    private readonly prefix = `millpond.unsent/${encodeURIComponent(user)}/`,
  ) {
    super({ changes: [], phase: "resting" });
    this.set({ changes: this.stored(), phase: "resting" });
  }

  // Sends at once what is waiting, also what an earlier visit left.
  wake(): void {
    this.failures = 0;
    if (this.sendable().length > 0) this.schedule(0);
  }

  add(change: Change): void {
    this.replace(joined(this.get().changes, change));
    this.schedule(PAUSE_MS);
  }

  // Takes out what was said of a root and was never on its way.
  withdraw(place: Place, root: string | null): void {
    const isIt = (one: Change) => one.place === place && one.root === root && !one.sent;
    this.replace(this.get().changes.filter((one) => !isIt(one)));
  }

  // Tries again at once, what was refused included.
  retry(place: Place): void {
    this.replace(
      this.get().changes.map((one) => (one.place === place ? { ...one, problem: null } : one)),
    );
    this.wake();
  }

  // Forgets what the server refuses to take.
  discard(place: Place): void {
    this.replace(this.get().changes.filter((one) => one.place !== place || one.problem === null));
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private schedule(delay: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.flush(), delay);
  }

  private async flush(): Promise<void> {
    if (this.get().phase === "sending") return this.schedule(PAUSE_MS);
    const first = this.sendable()[0];
    if (first === undefined) return;
    this.set({ ...this.get(), phase: "sending" });
    const batch = this.sendable().filter(({ place }) => place === first.place);
    try {
      await this.deliver(batch);
      this.failures = 0;
      this.set({ ...this.get(), phase: "resting" });
      if (this.sendable().length > 0) this.schedule(0);
    } catch (error) {
      this.postpone(error);
    }
  }

  // A refused batch is sent one by one, so that one bad change does not hold up the others.
  private async deliver(batch: readonly Change[]): Promise<void> {
    const { place } = batch[0] as Change;
    this.update(batch, { sent: true });
    try {
      const bodies = batch.map(({ body }) => body);
      this.ports.onKept(place, await this.ports.send(place, bodies));
      const ids = new Set(bodies.map(({ annotation_id }) => annotation_id));
      this.replace(this.get().changes.filter(({ body }) => !ids.has(body.annotation_id)));
    } catch (error) {
      if (!(error instanceof ApiError) || error.passes || error.status === 401) throw error;
      if (batch.length === 1) return this.update(batch, { problem: error.message });
      for (const one of batch) await this.deliver([one]);
    }
  }

  private postpone(error: unknown): void {
    this.set({ ...this.get(), phase: "unreachable" });
    if (error instanceof ApiError && error.status === 401) return;
    const delay = RETRY_MS[Math.min(this.failures, RETRY_MS.length - 1)] as number;
    this.failures += 1;
    this.schedule(delay);
  }

  private sendable(): Change[] {
    return this.get().changes.filter(({ problem }) => problem === null);
  }

  private update(some: readonly Change[], fields: Partial<Change>): void {
    const ids = new Set(some.map(({ body }) => body.annotation_id));
    this.replace(
      this.get().changes.map((one) =>
        ids.has(one.body.annotation_id) ? { ...one, ...fields } : one,
      ),
    );
  }

  private replace(changes: readonly Change[]): void {
    const before = this.get().changes;
    this.set({ ...this.get(), changes });
    const ids = new Set(changes.map(({ body }) => body.annotation_id));
    try {
      for (const { body } of before) {
        if (!ids.has(body.annotation_id)) {
          this.ports.storage.removeItem(this.prefix + body.annotation_id);
        }
      }
      for (const one of changes) {
        if (!before.includes(one)) {
          this.ports.storage.setItem(this.prefix + one.body.annotation_id, JSON.stringify(one));
        }
      }
    } catch {
      // A full or forbidden storage: the changes stay in memory and are sent all the same.
    }
  }

  private stored(): Change[] {
    const found: Change[] = [];
    try {
      const { storage } = this.ports;
      for (let index = 0; index < storage.length; index++) {
        const key = storage.key(index);
        if (key?.startsWith(this.prefix)) {
          found.push(JSON.parse(storage.getItem(key) ?? "") as Change);
        }
      }
    } catch {
      // Unreadable storage holds nothing that could be sent.
    }
    return found.sort((a, b) => a.madeAt - b.madeAt);
  }
}
