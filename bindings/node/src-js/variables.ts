import { types } from "node:util";

import { Stopwatch } from "./stopwatch";

/** What is read of the variables of one error, at most. */
const BOUNDS = {
  /** Objects and lists inside of one another. */
  levels: 3,
  /** Entries of one object or list. */
  entries: 20,
  /** Variables of one frame. */
  variables: 50,
  /** Characters of one text. */
  text: 1024,
  /** Characters of everything together, names included. */
  characters: 32_768,
  /** Milliseconds of work. */
  time: 10,
};

/** A copy of a value that JSON can write. */
export type Shown = null | boolean | number | string | Shown[] | { [name: string]: Shown };

/** Copies values as they are at this moment, within one budget. Runs no code of the application: no getter, no proxy, no `toJSON`. */
export class Snapshot {
  #characters = BOUNDS.characters;
  readonly #watch = new Stopwatch();
  readonly #typesOnly: boolean;

  /** With `typesOnly` no value is read, and each variable shows what kind of value it has. */
  constructor(typesOnly = false) {
    this.#typesOnly = typesOnly;
  }

  /** True when nothing more is read. */
  get isSpent(): boolean {
    return this.#characters <= 0 || this.#watch.elapsed >= BOUNDS.time;
  }

  /** Adds the variables that `scope` holds to `to`, where the name is free. */
  variables(scope: object, to: Record<string, Shown>): void {
    for (const name of Reflect.ownKeys(scope)) {
      if (typeof name !== "string" || Object.hasOwn(to, name)) continue;
      if (this.isSpent || Object.keys(to).length >= BOUNDS.variables) {
        to["…"] = "more";
        return;
      }
      this.#characters -= name.length;
      put(to, name, this.#property(scope, name, 0));
    }
  }

  #property(holder: object, key: PropertyKey, level: number): Shown {
    const property = Reflect.getOwnPropertyDescriptor(holder, key);
    if (property === undefined) return "<empty>";
    if (!("value" in property)) return "[getter]";
    return this.#typesOnly ? this.#text(kindOf(property.value)) : this.#value(property.value, level);
  }

  #value(value: unknown, level: number): Shown {
    switch (typeof value) {
      case "string":
        return this.#text(value);
      case "number":
        this.#characters -= 8;
        return Number.isFinite(value) ? value : String(value);
      case "boolean":
        this.#characters -= 5;
        return value;
      case "object":
        return value === null ? null : this.#object(value, level);
      case "bigint":
        // Decimal digits of an enormous number take longer than all the rest.
        return this.#text(BigInt.asIntN(4096, value) === value ? `${value}n` : "[bigint]");
      case "symbol":
        return this.#text(value.toString());
      default:
        return this.#text(kindOf(value));
    }
  }

  #object(value: object, level: number): Shown {
    if (types.isProxy(value)) return this.#text("[Proxy]");
    const short = shortForm(value);
    if (short !== undefined) return this.#text(short);
    if (level >= BOUNDS.levels || this.isSpent) return this.#text(kindOf(value));
    if (Array.isArray(value)) return this.#list(value.length, (index) => this.#property(value, index, level + 1));
    if (types.isSet(value)) return this.#members(SET_VALUES.call(value), SET_SIZE.call(value), level);
    if (types.isMap(value)) return this.#members(MAP_ENTRIES.call(value), MAP_SIZE.call(value), level);
    const shown: Record<string, Shown> = {};
    const keys = Reflect.ownKeys(value).filter((key) => typeof key === "string");
    for (const key of keys.slice(0, BOUNDS.entries)) {
      if (this.isSpent) break;
      this.#characters -= key.length;
      put(shown, key, this.#property(value, key, level + 1));
    }
    const left = keys.length - Object.keys(shown).length;
    if (left > 0) shown["…"] = `${left} more`;
    return shown;
  }

  #members(members: Iterator<unknown>, size: number, level: number): Shown {
    return this.#list(size, () => this.#value(members.next().value, level + 1));
  }

  #list(length: number, at: (index: number) => Shown): Shown[] {
    const shown: Shown[] = [];
    while (shown.length < Math.min(length, BOUNDS.entries) && !this.isSpent) shown.push(at(shown.length));
    if (length > shown.length) shown.push(`… ${length - shown.length} more`);
    return shown;
  }

  #text(text: string): string {
    const most = Math.max(0, Math.min(BOUNDS.text, this.#characters));
    const shown = text.length > most ? `${text.slice(0, most)}… (${text.length} characters)` : text;
    this.#characters -= shown.length + 2;
    return shown;
  }
}

const getter = (prototype: object, name: string) =>
  (Reflect.getOwnPropertyDescriptor(prototype, name) as { get(): unknown }).get;
// As they were before the application could put its own in their place.
const SET_VALUES = Set.prototype.values;
const SET_SIZE = getter(Set.prototype, "size") as (this: Set<unknown>) => number;
const MAP_ENTRIES = Map.prototype.entries;
const MAP_SIZE = getter(Map.prototype, "size") as (this: Map<unknown, unknown>) => number;
const SOURCE = getter(RegExp.prototype, "source") as (this: RegExp) => string;
const TIME = Date.prototype.getTime;
const ISO = Date.prototype.toISOString;

/** What says more in one text than by its properties. */
function shortForm(value: object): string | undefined {
  if (types.isNativeError(value)) return `${kindOf(value)}: ${own(value, "message") ?? ""}`;
  if (types.isDate(value)) return Number.isNaN(TIME.call(value)) ? "Invalid Date" : ISO.call(value);
  if (types.isRegExp(value)) return `/${SOURCE.call(value)}/`;
  if (types.isTypedArray(value) || types.isAnyArrayBuffer(value) || types.isDataView(value)) {
    return `${kindOf(value)} ${value.byteLength} bytes`;
  }
  if (types.isBoxedPrimitive(value) || types.isWeakMap(value) || types.isWeakSet(value)) return kindOf(value);
  if (types.isPromise(value) || types.isGeneratorObject(value) || types.isModuleNamespaceObject(value)) return kindOf(value);
  return undefined;
}

/** `string`, `[Cart]`, `[function pay]`: what kind of value it is. */
function kindOf(value: unknown): string {
  if (typeof value === "function") {
    if (types.isProxy(value)) return "[Proxy]";
    return `[function ${own(value, "name") ?? ""}]`.replace(" ]", "]");
  }
  if (value === undefined) return "<undefined>";
  if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
  if (types.isProxy(value)) return "[Proxy]";
  for (let at: object | null = value, steps = 0; at !== null && steps < 8; at = Object.getPrototypeOf(at), steps++) {
    if (types.isProxy(at)) break;
    const made = Reflect.getOwnPropertyDescriptor(at, "constructor")?.value as unknown;
    if (typeof made === "function" && !types.isProxy(made)) return `[${own(made, "name") ?? "Object"}]`;
  }
  return "[Object]";
}

/** A text that an object has as its own property, as long as no code runs for it. */
function own(holder: object, key: string): string | undefined {
  const value = Reflect.getOwnPropertyDescriptor(holder, key)?.value as unknown;
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Also a key like `__proto__` is a plain one. */
function put(to: Record<string, Shown>, key: string, value: Shown): void {
  Object.defineProperty(to, key, { value, enumerable: true, configurable: true, writable: true });
}
