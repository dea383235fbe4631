import type { Breadcrumb } from "./types";

/** Before the fields of a trail. A breadcrumb that holds one is not held. */
export const SEPARATOR = "\u001f";
/** Times of this process are counted from here, in milliseconds: small numbers become text faster. */
export const START = Date.now();

/** Between the parts of a shape. */
const PART = "\u007f";

const LONGEST = 2048;
const MOST_FIELDS = 16;
/** Shapes that are kept; then all are forgotten. */
const MOST_SHAPES = 64;
/** Longer ones are made anew each time. */
const LONGEST_SHAPE = 256;

// What a breadcrumb has. Behind the six flags: how many fields its data has.
const TYPE = 1;
const CATEGORY = 2;
const MESSAGE = 4;
const LEVEL = 8;
const ORIGIN = 16;
const TIME = 32;
const FIELD = 64;

/** One breadcrumb as text, or several; a separator comes first. */
export interface Step {
  text: string;
  /** How many fields the text has. */
  fields: number;
}

/** What breadcrumbs have in common that differ in their times, messages and values alone. */
interface Shape {
  type: string | undefined;
  level: string | undefined;
  origin: string | undefined;
  hasMessage: boolean;
  hasTime: boolean;
  names: readonly string[];
  /** It as text, with a separator before and behind. */
  text: string;
}

/** By category, the last one. */
const shapes = new Map<string | undefined, Shape>();

/**
 * A breadcrumb as text that the addon reads when an event needs it, or nothing for one that is not small and plain.
 *
 * Texts never change, so this is also the copy that later changes of the application do not reach, and joining two
 * of them copies nothing yet: the application pays for about as much as for a template string.
 */
export function step(crumb: Breadcrumb, now: number | undefined): Step | undefined {
  const { message, category, data, level, type, timestamp, origin } = crumb;
  const hasMessage = message !== undefined;
  if (hasMessage && !isPlain(message)) return undefined;
  const time = timestamp ?? now;
  const hasTime = time !== undefined;
  if (hasTime && (typeof time !== "number" || !Number.isFinite(time))) return undefined;
  let shape = shapes.get(category);
  if (
    shape !== undefined &&
    (shape.type !== type ||
      shape.level !== level ||
      shape.origin !== origin ||
      shape.hasMessage !== hasMessage ||
      shape.hasTime !== hasTime)
  ) {
    shape = undefined;
  }
  let count = 0;
  let values = "";
  if (data !== undefined) {
    if (typeof data !== "object" || data === null) return undefined;
    if (Object.getPrototypeOf(data) !== Object.prototype || "toJSON" in data) return undefined;
    for (const key in data) {
      if (!Object.hasOwn(data, key)) continue;
      const value = field(data[key]);
      if (value === undefined || count === MOST_FIELDS) return undefined;
      if (shape !== undefined && shape.names[count] !== key) shape = undefined;
      count++;
      values += SEPARATOR + value;
    }
  }
  if (shape === undefined || shape.names.length !== count) {
    shape = shapeOf(crumb, hasMessage, hasTime);
    if (shape === undefined || shape.names.length !== count) return undefined;
  }
  // What is short is joined at once, and what is long is joined to it as a whole: few pieces.
  const between = `${hasTime ? time : Date.now() - START}${values}`;
  if (!hasMessage) return { text: shape.text + between, fields: 2 + count };
  return { text: shape.text + (between + SEPARATOR) + message, fields: 3 + count };
}

/** The shape of a breadcrumb, or nothing if a part of it is not small and plain. */
function shapeOf(crumb: Breadcrumb, hasMessage: boolean, hasTime: boolean): Shape | undefined {
  const { category, data, level, type, origin } = crumb;
  let has = (hasMessage ? MESSAGE : 0) | (hasTime ? TIME : 0);
  let text = "";
  for (const [flag, part] of [[TYPE, type], [CATEGORY, category], [LEVEL, level], [ORIGIN, origin]] as const) {
    if (part === undefined) continue;
    if (!isPart(part)) return undefined;
    has |= flag;
    text += PART + part;
  }
  const names = data === undefined ? [] : Object.keys(data);
  for (const name of names) {
    if (!isPart(name)) return undefined;
    has += FIELD;
    text += PART + name;
  }
  text = SEPARATOR + has + text + SEPARATOR;
  const shape = { type, level, origin, hasMessage, hasTime, names, text };
  if (text.length <= LONGEST_SHAPE) {
    if (shapes.size >= MOST_SHAPES) shapes.clear();
    shapes.set(category, shape);
  }
  return shape;
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

function isPart(value: unknown): value is string {
  return isPlain(value) && !value.includes(PART);
}

function isPlain(value: unknown): value is string {
  return typeof value === "string" && value.length <= LONGEST && !value.includes(SEPARATOR);
}
