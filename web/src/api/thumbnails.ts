// Small pictures, many to a request: those that are nearest to the middle of the screen first, and
// none that has left it before its turn came. A request of which nothing is to be seen any more
// gives its place up to the next.

import { ApiError, requestFiles } from "./client";
import { plainQuery } from "./plainQuery";

export interface ThumbnailPorts {
  // The pictures that there are of these objects, by id.
  ask(
    objectIds: readonly string[],
    size: number,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Blob>>;
  addressOf(picture: Blob): string;
  // Ends an address.
  release(address: string): void;
}

// Somebody who waits; told null where there is no such picture.
interface Waiter {
  // How far from the middle of the screen it would be shown now.
  distance(): number;
  done(address: string | null): void;
}

interface Entry {
  readonly objectId: string;
  readonly size: number;
  readonly waiters: Set<Waiter>;
  isAsked: boolean;
}

interface Batch {
  readonly entries: readonly Entry[];
  readonly given: AbortController;
}

// Few enough in a request that the first are soon here, and that what comes into sight meanwhile
// has not to wait for many that have left.
const MOST = 12;
const AT_ONCE = 2;
// Bytes that are kept, for those who scroll back.
const KEPT = 16 * 1024 * 1024;
const AGAIN_MS = 2_000;

export class Thumbnails {
  private readonly entries = new Map<string, Entry>();
  private readonly kept = new Map<string, { address: string; bytes: number }>();
  private readonly underway = new Set<Batch>();
  private bytes = 0;
  private isPlanned = false;

  constructor(private readonly ports: ThumbnailPorts) {}

  // The address of one that has come before.
  find(objectId: string, size: number): string | null {
    const key = keyOf(objectId, size);
    const found = this.kept.get(key);
    if (found === undefined) return null;
    this.kept.delete(key);
    this.kept.set(key, found);
    return found.address;
  }

  // Ask for one; what comes back lets go of it.
  want(objectId: string, size: number, waiter: Waiter): () => void {
    const key = keyOf(objectId, size);
    const entry = this.entries.get(key) ?? { objectId, size, waiters: new Set(), isAsked: false };
    this.entries.set(key, entry);
    entry.waiters.add(waiter);
    this.plan();
    return () => {
      entry.waiters.delete(waiter);
      if (!entry.isAsked && entry.waiters.size === 0) this.entries.delete(key);
    };
  }

  // Forget all that came, as when somebody else signs in.
  clear(): void {
    for (const { address } of this.kept.values()) this.ports.release(address);
    this.kept.clear();
    this.bytes = 0;
  }

  // Once all that come into sight together have asked.
  private plan(): void {
    if (this.isPlanned) return;
    this.isPlanned = true;
    queueMicrotask(() => {
      this.isPlanned = false;
      this.next();
    });
  }

  private next(): void {
    for (;;) {
      const entries = this.nearest();
      if (entries.length === 0 || !this.hasPlace()) return;
      void this.send({ entries, given: new AbortController() });
    }
  }

  private hasPlace(): boolean {
    if (this.underway.size < AT_ONCE) return true;
    for (const batch of this.underway) {
      if (batch.entries.some(({ waiters }) => waiters.size > 0)) continue;
      this.giveUp(batch);
      return true;
    }
    return false;
  }

  private giveUp(batch: Batch): void {
    for (const { objectId, size } of batch.entries) this.entries.delete(keyOf(objectId, size));
    this.underway.delete(batch);
    batch.given.abort();
  }

  private nearest(): Entry[] {
    const waiting = [...this.entries.values()]
      .filter(({ isAsked }) => !isAsked)
      .map((entry) => ({ entry, distance: distanceOf(entry) }))
      .sort((one, other) => one.distance - other.distance)
      .map(({ entry }) => entry);
    return waiting.filter(({ size }) => size === waiting[0]?.size).slice(0, MOST);
  }

  private async send(batch: Batch): Promise<void> {
    const { entries, given } = batch;
    this.underway.add(batch);
    for (const entry of entries) entry.isAsked = true;
    const ids = entries.map(({ objectId }) => objectId);
    try {
      const pictures = await this.ports.ask(ids, entries[0]?.size ?? 0, given.signal);
      if (given.signal.aborted) return;
      for (const entry of entries) this.settle(entry, pictures.get(entry.objectId) ?? null);
    } catch (error) {
      if (given.signal.aborted) return;
      if (error instanceof ApiError && !error.passes) {
        for (const entry of entries) this.settle(entry, null);
      } else {
        setTimeout(() => this.askAgain(entries), AGAIN_MS);
      }
    }
    this.underway.delete(batch);
    this.next();
  }

  private settle(entry: Entry, picture: Blob | null): void {
    const key = keyOf(entry.objectId, entry.size);
    this.entries.delete(key);
    const address = picture && this.keep(key, picture);
    for (const waiter of entry.waiters) waiter.done(address);
  }

  private askAgain(entries: readonly Entry[]): void {
    for (const entry of entries) {
      entry.isAsked = false;
      if (entry.waiters.size === 0) this.entries.delete(keyOf(entry.objectId, entry.size));
    }
    this.next();
  }

  private keep(key: string, picture: Blob): string {
    const address = this.ports.addressOf(picture);
    this.kept.set(key, { address, bytes: picture.size });
    this.bytes += picture.size;
    for (const [oldest, { address, bytes }] of this.kept) {
      if (this.bytes <= KEPT || oldest === key) break;
      this.kept.delete(oldest);
      this.bytes -= bytes;
      this.ports.release(address);
    }
    return address;
  }
}

function keyOf(objectId: string, size: number): string {
  return `${objectId} ${size}`;
}

function distanceOf({ waiters }: Entry): number {
  return Math.min(...[...waiters].map((waiter) => waiter.distance()));
}

export const thumbnails = new Thumbnails({
  ask: (objectIds, size, signal) =>
    requestFiles(`/api/v1/thumbnails?${plainQuery({ object_id: objectIds, size })}`, signal),
  addressOf: (picture) => URL.createObjectURL(picture),
  release: (address) => URL.revokeObjectURL(address),
});
