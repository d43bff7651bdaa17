// Small pictures, many to a request: those that are nearest to the middle of the screen first, and
// none that has left it before its turn came.

import { ApiError, requestFiles } from "./client";
import { plainQuery } from "./plainQuery";

export interface ThumbnailPorts {
  // The pictures that there are of these objects, by id.
  ask(objectIds: readonly string[], size: number): Promise<ReadonlyMap<string, Blob>>;
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
  private bytes = 0;
  private underway = 0;
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
    while (this.underway < AT_ONCE) {
      const batch = this.nearest();
      if (batch.length === 0) return;
      void this.send(batch);
    }
  }

  private nearest(): Entry[] {
    const waiting = [...this.entries.values()]
      .filter(({ isAsked }) => !isAsked)
      .map((entry) => ({ entry, distance: distanceOf(entry) }))
      .sort((one, other) => one.distance - other.distance)
      .map(({ entry }) => entry);
    return waiting.filter(({ size }) => size === waiting[0]?.size).slice(0, MOST);
  }

  private async send(batch: readonly Entry[]): Promise<void> {
    this.underway += 1;
    for (const entry of batch) entry.isAsked = true;
    const ids = batch.map(({ objectId }) => objectId);
    try {
      const pictures = await this.ports.ask(ids, batch[0]?.size ?? 0);
      for (const entry of batch) this.settle(entry, pictures.get(entry.objectId) ?? null);
    } catch (error) {
      if (error instanceof ApiError && !error.passes) {
        for (const entry of batch) this.settle(entry, null);
      } else {
        setTimeout(() => this.askAgain(batch), AGAIN_MS);
      }
    }
    this.underway -= 1;
    this.next();
  }

  private settle(entry: Entry, picture: Blob | null): void {
    const key = keyOf(entry.objectId, entry.size);
    this.entries.delete(key);
    const address = picture && this.keep(key, picture);
    for (const waiter of entry.waiters) waiter.done(address);
  }

  private askAgain(batch: readonly Entry[]): void {
    for (const entry of batch) {
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
  ask: (objectIds, size) =>
    requestFiles(`/api/v1/thumbnails?${plainQuery({ object_id: objectIds, size })}`),
  addressOf: (picture) => URL.createObjectURL(picture),
  release: (address) => URL.revokeObjectURL(address),
});
