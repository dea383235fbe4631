const UNITS: [string, number][] = [
  ["y", 365 * 86_400],
  ["mo", 30 * 86_400],
  ["w", 7 * 86_400],
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
];

/** "12 min ago", "in 3 h", "just now". */
export function relative(from: Date, now: Date): string {
  const seconds = (now.getTime() - from.getTime()) / 1000;
  if (Number.isNaN(seconds)) return "unknown";
  if (Math.abs(seconds) < 5) return "just now";
  return seconds < 0 ? `in ${span(-seconds)}` : `${span(seconds)} ago`;
}

/** The largest whole unit: "12 min", "3 h", "5 w". */
export function span(seconds: number): string {
  for (const [unit, size] of UNITS) if (seconds >= size) return `${Math.floor(seconds / size)} ${unit}`;
  return "0 s";
}

/** Local date and time to the second, with the zone: for tooltips. */
export function absolute(date: Date): string {
  if (Number.isNaN(date.getTime())) return "unknown";
  return date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" }) + ` (${zone(date)})`;
}

/** "14:03:07.120" in local time. */
export function clock(ms: number): string {
  const date = new Date(ms);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** Distance of a breadcrumb from its event: "−1.2 s", "−40 ms", "0". */
export function offset(at: number, event: number): string {
  const ms = Math.round(at - event);
  if (ms === 0) return "0 ms";
  const sign = ms < 0 ? "−" : "+";
  const size = Math.abs(ms);
  if (size < 1000) return `${sign}${size} ms`;
  if (size < 60_000) return `${sign}${(size / 1000).toFixed(1)} s`;
  return sign + span(size / 1000);
}

function zone(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  if (minutes === 0) return "UTC";
  const sign = minutes < 0 ? "−" : "+";
  const size = Math.abs(minutes);
  return `UTC${sign}${Math.floor(size / 60)}${size % 60 ? `:${String(size % 60).padStart(2, "0")}` : ""}`;
}
