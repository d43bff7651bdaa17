import { describe, expect, it, vi } from "vitest";
import { ApiError } from "./client";
import { Thumbnails } from "./thumbnails";

interface Call {
  readonly ids: readonly string[];
  answer(bytes?: number, without?: readonly string[]): Promise<void>;
  fail(error: Error): Promise<void>;
}

function setUp() {
  const calls: Call[] = [];
  const released: string[] = [];
  let made = 0;
  const thumbnails = new Thumbnails({
    ask: (ids) =>
      new Promise((resolve, reject) => {
        calls.push({
          ids,
          answer: (bytes = 10, without = []) => {
            const there = ids.filter((id) => !without.includes(id));
            resolve(new Map(there.map((id) => [id, new Blob([new Uint8Array(bytes)])])));
            return settled();
          },
          fail: (error) => {
            reject(error);
            return settled();
          },
        });
      }),
    addressOf: () => `blob:${++made}`,
    release: (address) => released.push(address),
  });
  const came = new Map<string, string | null>();
  const want = (id: string, distance = 0) =>
    thumbnails.want(id, 256, {
      distance: () => distance,
      done: (address) => came.set(id, address),
    });
  return { thumbnails, calls, released, came, want };
}

// All promises that are underway have gone on.
function settled(): Promise<void> {
  return new Promise((done) => setTimeout(done, 0));
}

const ids = (count: number) => Array.from({ length: count }, (_, index) => `id${index}`);

describe("thumbnails", () => {
  it("come together, the nearest first, in two requests at once", async () => {
    const { calls, came, want } = setUp();
    ids(40).forEach((id, index) => {
      want(id, Math.abs(index - 20));
    });
    await settled();
    expect(calls.map((call) => call.ids.length)).toEqual([12, 12]);
    expect(calls[0]?.ids[0]).toBe("id20");
    expect(new Set(calls[0]?.ids)).toEqual(new Set(ids(40).slice(14, 26)));
    await calls[1]?.answer();
    expect(came.size).toBe(12);
    expect(calls).toHaveLength(3);
  });

  it("are not asked for once nobody wants them, and kept once they came", async () => {
    const { thumbnails, calls, came, want } = setUp();
    const cancels = ids(30).map((id) => want(id));
    await settled();
    for (const cancel of cancels) cancel();
    want("late");
    await calls[0]?.answer();
    expect(came.size).toBe(0);
    expect(calls.map((call) => call.ids.length)).toEqual([12, 12, 1]);
    expect(thumbnails.find("id0", 256)).toBe("blob:1");
    expect(thumbnails.find("id0", 128)).toBeNull();
  });

  it("that are wanted again while they come are not asked for twice", async () => {
    const { calls, came, want } = setUp();
    want("one")();
    const cancel = want("two");
    await settled();
    cancel();
    want("two");
    await settled();
    expect(calls.map((call) => call.ids)).toEqual([["two"]]);
    await calls[0]?.answer();
    expect(came).toEqual(new Map([["two", "blob:1"]]));
  });

  it("that are not there are told so; after a lost connection they are asked for again", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    try {
      const { calls, came, want } = setUp();
      want("here");
      want("gone");
      await vi.advanceTimersByTimeAsync(0);
      void calls[0]?.fail(new ApiError(0, "away"));
      await vi.advanceTimersByTimeAsync(1_900);
      expect(calls).toHaveLength(1);
      expect(came.size).toBe(0);
      await vi.advanceTimersByTimeAsync(200);
      void calls[1]?.answer(10, ["gone"]);
      await vi.advanceTimersByTimeAsync(0);
      expect(came).toEqual(
        new Map([
          ["here", "blob:1"],
          ["gone", null],
        ]),
      );
    } finally {
      vi.useRealTimers();
    }
  });

  it("all are lost where the server refuses", async () => {
    const { calls, came, want } = setUp();
    want("one");
    await settled();
    await calls[0]?.fail(new ApiError(404, "none of them"));
    expect(came).toEqual(new Map([["one", null]]));
  });

  it("are let go, the longest unseen first, when they are too many bytes", async () => {
    const { thumbnails, calls, released, want } = setUp();
    const large = 6 * 1024 * 1024;
    for (const id of ["one", "two", "three"]) {
      want(id);
      await settled();
      if (id === "three") thumbnails.find("one", 256);
      await calls.at(-1)?.answer(large);
    }
    expect(released).toEqual(["blob:2"]);
    thumbnails.clear();
    expect(new Set(released)).toEqual(new Set(["blob:1", "blob:2", "blob:3"]));
    expect(thumbnails.find("one", 256)).toBeNull();
  });
});
