/** 999, 1.2k, 34k, 5.6M: at most four characters, never rounded up into the next unit's name. */
export function compact(value: number): string {
  if (value < 1000) return String(value);
  const [size, unit] = value < 999_500 ? [value / 1e3, "k"] : value < 999_500_000 ? [value / 1e6, "M"] : [value / 1e9, "G"];
  return (size < 9.95 ? size.toFixed(1).replace(/\.0$/, "") : String(Math.round(size))) + unit;
}

export function grouped(value: number): string {
  return value.toLocaleString("en").replaceAll(",", "\u202f");
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/** A share of the whole as "0%", "<1%", "12%", "100%" (only when it is all). */
export function percent(part: number, whole: number): string {
  if (whole <= 0 || part <= 0) return "0%";
  if (part >= whole) return "100%";
  const share = (part / whole) * 100;
  if (share < 1) return "<1%";
  return `${Math.min(99, Math.round(share))}%`;
}
