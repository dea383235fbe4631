import { objectToJson, toJson } from "./json";

/** What an attribute of a log, a metric or a streamed span may hold; anything else is left out. */
export type AttributeValue = string | number | boolean | readonly string[] | readonly number[] | readonly boolean[];
/** Attributes by name: plain values, or `{ value, unit }`. */
export type Attributes = Record<string, unknown>;

/** Attributes as the core takes them. @internal */
export function attributesToJson(attributes: Attributes | undefined): string | undefined {
  return attributes === undefined ? undefined : objectToJson(attributes);
}

/** One attribute as the core takes it; nothing for what is none. @internal */
export function attributeToJson(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : toJson(value);
}

/** Attributes as the core writes them, with plain values. @internal */
export function plainAttributes(attributes: Attributes | undefined): Attributes {
  const plain: Attributes = {};
  for (const [name, attribute] of Object.entries(attributes ?? {})) {
    const { value, unit } = attribute as { value?: unknown; unit?: unknown };
    plain[name] = unit === undefined ? value : { value, unit };
  }
  return plain;
}
