import type { Breadcrumb } from "./types";

/** Between the fields of a trail. A breadcrumb that holds one is not held. */
export const SEPARATOR = "\u001f";
/** Times of this process are counted from here, in milliseconds: small numbers become text faster. */
export const START = Date.now();

const LONGEST = 2048;
const MOST_FIELDS = 16;

// What a breadcrumb has. Behind the six flags: how many fields its data has.
const TYPE = 1;
const CATEGORY = 2;
const MESSAGE = 4;
const LEVEL = 8;
const ORIGIN = 16;
const TIME = 32;
const FIELD = 64;

/** One breadcrumb as text, or several. */
export interface Step {
  text: string;
  /** How many fields the text has. */
  fields: number;
}

/**
 * A breadcrumb as text that the addon reads when an event needs it, or nothing for one that is not small and plain.
 *
 * Texts never change, so this is also the copy that later changes of the application do not reach, and joining two
 * of them copies nothing yet: the application pays for about as much as for a template string.
 */
export function step(crumb: Breadcrumb, now: number | undefined): Step | undefined {
  const { message, category, data, level, type, timestamp, origin } = crumb;
  let text = "";
  let has = 0;
  let fields = 2;
  if (type !== undefined) {
    if (!isPlain(type)) return undefined;
    has |= TYPE;
    fields++;
    text += SEPARATOR + type;
  }
  if (category !== undefined) {
    if (!isPlain(category)) return undefined;
    has |= CATEGORY;
    fields++;
    text += SEPARATOR + category;
  }
  if (message !== undefined) {
    if (!isPlain(message)) return undefined;
    has |= MESSAGE;
    fields++;
    text += SEPARATOR + message;
  }
  if (level !== undefined) {
    if (!isPlain(level)) return undefined;
    has |= LEVEL;
    fields++;
    text += SEPARATOR + level;
  }
  if (origin !== undefined) {
    if (!isPlain(origin)) return undefined;
    has |= ORIGIN;
    fields++;
    text += SEPARATOR + origin;
  }
  if (data !== undefined) {
    if (typeof data !== "object" || data === null) return undefined;
    if (Object.getPrototypeOf(data) !== Object.prototype || "toJSON" in data) return undefined;
    let left = MOST_FIELDS;
    for (const key in data) {
      if (!Object.hasOwn(data, key)) continue;
      const value = field(data[key]);
      if (value === undefined || --left < 0 || !isPlain(key)) return undefined;
      has += FIELD;
      fields += 2;
      text += SEPARATOR + key + SEPARATOR + value;
    }
  }
  if (timestamp !== undefined || now !== undefined) {
    const time = timestamp ?? now;
    if (typeof time !== "number" || !Number.isFinite(time)) return undefined;
    return { text: `${has | TIME}${SEPARATOR}${time}${text}`, fields };
  }
  return { text: `${has}${SEPARATOR}${Date.now() - START}${text}`, fields };
}

/** A value of the data: JSON, but for texts, which have a colon before them and are as they are. */
function field(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return isPlain(value) ? `:${value}` : undefined;
    case "number":
      return Number.isFinite(value) ? String(value) : undefined;
    case "boolean":
      return value ? "true" : "false";
    default:
      return undefined;
  }
}

function isPlain(value: unknown): value is string {
  return typeof value === "string" && value.length <= LONGEST && !value.includes(SEPARATOR);
}
