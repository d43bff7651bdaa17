// Whether the server can be reached, as the last request found it.

import { Store } from "../state/store";

export type Reach = "here" | "away";

class Connection extends Store<Reach> {
  // What a request met: an answer, or none. What stands in front of a server answers 502 or 504.
  met(status: number): void {
    const reach = status === 0 || status === 502 || status === 504 ? "away" : "here";
    if (reach !== this.get()) this.set(reach);
  }
}

export const connection = new Connection("here");

// Whether the server answers now; the answer is known to all who look at `connection`.
export async function isReachable(): Promise<boolean> {
  try {
    const { status } = await fetch("/v2/health/live", { cache: "no-store" });
    connection.met(status);
  } catch {
    connection.met(0);
  }
  return connection.get() === "here";
}
