// The places of a batch: what has one stays there, and what waits takes one that is free.

export type Seats = readonly (string | null)[];

export function seated(before: Seats, waiting: readonly string[], count: number): Seats {
  const kept = Array.from({ length: count }, (_, at) => {
    const id = before[at] ?? null;
    return id !== null && waiting.includes(id) ? id : null;
  });
  const next = waiting.filter((id) => !kept.includes(id));
  return kept.map((id) => id ?? next.shift() ?? null);
}
