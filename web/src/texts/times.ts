// Moments as people read them.

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const full = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

// A moment as short as it can be told: the time of today, the day of anything older.
export function shortTime(iso: string, now = new Date()): string {
  const moment = new Date(iso);
  const today = moment.toDateString() === now.toDateString();
  return today ? clock.format(moment) : `${day.format(moment)}, ${clock.format(moment)}`;
}

export function fullTime(iso: string): string {
  return full.format(new Date(iso));
}

const distance = new Intl.RelativeTimeFormat("en-GB", { numeric: "auto", style: "long" });
const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;

// How long ago a moment was: "just now", "4 minutes ago", "yesterday".
export function ago(iso: string, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(iso)) / 1000);
  const unit = UNITS.find(([, length]) => seconds >= length);
  if (unit === undefined) return "just now";
  return distance.format(-Math.floor(seconds / unit[1]), unit[0]);
}
