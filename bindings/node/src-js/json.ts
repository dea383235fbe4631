interface Limits {
  /** Objects and lists inside of one another. */
  deepest: number;
  /** Entries of one of them. */
  widest: number;
  /** Characters of one text. */
  longest: number;
}

/** Characters of one text. */
export const LONGEST = 65_536;
/** For what the application says: extra, contexts, breadcrumb data. */
const DATA: Limits = { deepest: 10, widest: 1000, longest: LONGEST };
/** For whole events: what is too much is the core's to cut, as it knows which end of a stack matters. */
const EVENT: Limits = { deepest: 64, widest: 20_000, longest: 262_144 };

/** JSON text of any value: cycles, getters that throw, big integers and enormous values included. Never throws. */
export function toJson(value: unknown): string {
  return write(value, DATA);
}

/** The same for an event. */
export function eventToJson(event: unknown): string {
  return write(event, EVENT);
}

function write(value: unknown, limits: Limits): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(isFlat(value) ? value : copy(value, 0, [], limits));
  } catch {
    json = undefined;
  }
  return json === undefined ? "null" : wellFormed(json);
}

/** The same for what has to be an object; anything else is none. */
export function objectToJson(value: unknown): string | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? toJson(value) : undefined;
}

/** JSON text of plain objects whose texts are cut already. */
export function linksToJson(links: readonly object[]): string {
  return wellFormed(JSON.stringify(links));
}

/** Text of any value. Never throws. */
export function toText(value: unknown, longest = LONGEST): string {
  try {
    return cut(String(value), longest);
  } catch {
    return "<no text>";
  }
}

export function cut(text: string, longest = LONGEST): string {
  return text.length > longest ? text.slice(0, longest) : text;
}

/** True for an object whose values JSON can write as they are. */
function isFlat(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  if (Object.getPrototypeOf(value) !== Object.prototype || "toJSON" in value) return false;
  for (const key in value) {
    const inner = (value as Record<string, unknown>)[key];
    const kind = typeof inner;
    if (kind === "string" ? (inner as string).length > LONGEST : kind !== "number" && kind !== "boolean") return false;
  }
  return true;
}

function copy(value: unknown, depth: number, above: object[], limits: Limits): unknown {
  switch (typeof value) {
    case "string":
      return cut(value, limits.longest);
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "boolean":
    case "undefined":
      return value;
    case "bigint":
    case "symbol":
      return String(value);
    case "function":
      return `[function ${value.name}]`;
    default:
      return value === null ? null : copyObject(value as object, depth, above, limits);
  }
}

function copyObject(value: object, depth: number, above: object[], limits: Limits): unknown {
  if (above.includes(value)) return "[cycle]";
  if (depth >= limits.deepest) return Array.isArray(value) ? "[array]" : "[object]";
  above.push(value);
  try {
    if (typeof (value as { toJSON?: unknown }).toJSON === "function") {
      const plain = (value as { toJSON(): unknown }).toJSON();
      return plain === value ? "[object]" : copy(plain, depth + 1, above, limits);
    }
    if (ArrayBuffer.isView(value)) return `[${value.constructor.name}: ${value.byteLength} bytes]`;
    if (value instanceof Error) return `${value.name}: ${value.message}`;
    if (Array.isArray(value)) {
      return value.slice(0, limits.widest).map((item) => copy(item, depth + 1, above, limits) ?? null);
    }
    if (value instanceof Map) return copy(Object.fromEntries(value) as unknown, depth, above, limits);
    if (value instanceof Set) return copy([...value], depth, above, limits);
    const plain: Record<string, unknown> = {};
    for (const key of Object.keys(value).slice(0, limits.widest)) {
      plain[key] = copy(property(value, key), depth + 1, above, limits);
    }
    return plain;
  } catch {
    return "<unreadable>";
  } finally {
    above.pop();
  }
}

function property(value: object, key: string): unknown {
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return "<unreadable>";
  }
}

/** JSON writes halves of surrogate pairs as escapes that no other reader takes. */
function wellFormed(json: string): string {
  if (!json.includes("\\ud")) return json;
  return json.replace(/\\(u[dD][89a-fA-F][0-9a-fA-F]{2}|.)/g, (escape, code: string) =>
    code.length > 1 ? "\\ufffd" : escape,
  );
}
