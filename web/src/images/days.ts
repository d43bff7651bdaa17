// Days of images in as few bars as there is room for.

export interface Bar {
  // The first and the last day, as `2026-05-03`.
  readonly from: string;
  readonly to: string;
  readonly count: number;
}

const DAY = 86_400_000;

export function barsOf(
  days: readonly { readonly day: string; readonly count: number }[],
  room: number,
): Bar[] {
  const times = days.map(({ day }) => Date.parse(dayOf(day)));
  if (times.length === 0) return [];
  const first = Math.min(...times);
  const span = Math.round((Math.max(...times) - first) / DAY) + 1;
  const width = Math.ceil(span / room);
  const bars = Array.from({ length: Math.ceil(span / width) }, (_, index) => ({
    from: dayAt(first + index * width * DAY),
    to: dayAt(first + (Math.min(span, (index + 1) * width) - 1) * DAY),
    count: 0,
  }));
  days.forEach(({ count }, index) => {
    const bar = bars[Math.floor(Math.round(((times[index] as number) - first) / DAY) / width)];
    if (bar !== undefined) bar.count += count;
  });
  return bars;
}

export function dayOf(iso: string): string {
  return iso.slice(0, 10);
}

export function dayAfter(day: string, by = 1): string {
  return dayAt(Date.parse(dayOf(day)) + by * DAY);
}

function dayAt(time: number): string {
  return dayOf(new Date(time).toISOString());
}
