import { types } from "node:util";

import { variablesOf, type CallVariables } from "./frame-variables";
import { cut, linksToJson, LONGEST, toJson, toText } from "./json";
import { areStacksMapped, supplySources } from "./source-maps";
import { SEPARATOR } from "./trail";

const MOST = 50;

/** One error of a chain. */
export interface Link {
  /** Its class. */
  type?: string;
  /** Its message. */
  value?: string;
  stack?: string;
  /** The place in the chain of the error that this one belongs to. */
  parent?: number;
  /** The property of the parent it came from, like `cause` or `errors[1]`. */
  source?: string;
  /** It holds several others. */
  group?: true;
  /** It was no error object. */
  synthetic?: true;
  /** The system's code and number, like `ENOENT` and -2. */
  code?: string;
  errno?: number;
  /** The variables of the calls that threw it, the innermost first. */
  locals?: readonly CallVariables[];
}

/** What was thrown, with everything it came from. */
export interface Thrown {
  /** What was caught. Its class, its message and its stack are handed over apart. */
  first: Link;
  /** What else is to be said of the first, then the others, every one after its parent: a list, as JSON, or fields of
   * text. Nothing for most. */
  rest?: string;
  /** Extra values, as JSON. */
  extra?: string;
}

/** Which errors belong to one. */
export interface ChainOptions {
  /** The property that holds the one which it came from; `cause` by default. */
  key?: string;
  /** So many others; 49 by default. */
  limit?: number;
}

let chain = { key: "cause", most: MOST };

/** Says which errors belong to one from now on. @internal */
export function followErrors({ key = "cause", limit = MOST - 1 }: ChainOptions = {}): void {
  chain = { key, most: Math.min(MOST, Math.max(0, limit) + 1) };
}

/** Reads whatever was thrown. `caller` gives a stack for what has none. Throws only what a getter of it throws. */
export function readThrown(thrown: unknown, caller: (() => string | undefined) | undefined): Thrown {
  if (!isError(thrown)) return readOther(thrown, caller);
  const areMapped = areStacksMapped();
  const { key, most } = chain;
  const found: ErrorLike[] = [thrown];
  const links: Link[] = [readError(thrown, undefined, undefined, areMapped)];
  const walk = [0];
  for (let id = walk.pop(); id !== undefined; id = walk.pop()) {
    const error = found[id] as ErrorLike & Record<string, unknown>;
    const { errors } = error;
    const cause = key === "cause" ? error.cause : error[key];
    const causes = Array.isArray(errors) ? errors.length : 0;
    for (let n = cause === undefined ? 0 : -1; n < causes && n < MOST; n++) {
      const one: unknown = n < 0 ? cause : (errors as unknown[])[n];
      if (!isError(one) || found.length >= most || found.includes(one)) continue;
      walk.push(found.length);
      found.push(one);
      links.push(readError(one, id, n < 0 ? key : `errors[${n}]`, areMapped));
    }
  }
  return split(links);
}

function split(links: Link[]): Thrown {
  const first = links[0] as Link;
  if (!hasMore(first)) {
    if (links.length === 1) return { first };
    const rest = fieldsOf(links);
    if (rest !== undefined) return { first, rest };
  }
  const { type, value, stack, ...more } = first;
  return { first, rest: linksToJson([more, ...links.slice(1)]) };
}

/** True if more is to be said of it than of most. */
function hasMore({ group, synthetic, code, locals }: Link): boolean {
  return group === true || synthetic === true || code !== undefined || locals !== undefined;
}

/**
 * All but the first as one text: a stack of many lines is escaped neither here nor read from escapes there. Nothing if more is
 * to be said of one of them than most have.
 */
function fieldsOf(links: readonly Link[]): string | undefined {
  const between = SEPARATOR;
  let text = "";
  for (let n = 1; n < links.length; n++) {
    const link = links[n] as Link;
    if (hasMore(link)) return undefined;
    const { type = "", value = "", stack = "", parent, source } = link;
    if (type.includes(between) || value.includes(between) || stack.includes(between)) return undefined;
    text += `${between}${type}${between}${value}${between}${stack}${between}${parent}${between}${source}`;
  }
  return text;
}

interface ErrorLike {
  name?: unknown;
  message?: unknown;
  stack?: unknown;
  cause?: unknown;
  errors?: unknown;
  code?: unknown;
  errno?: unknown;
}

/** Also errors of other contexts (`vm`), and what looks like one. */
export function isError(value: unknown): value is ErrorLike {
  if (typeof value !== "object" || value === null) return false;
  if (value instanceof Error || types.isNativeError(value)) return true;
  const like = value as ErrorLike;
  return typeof like.message === "string" && typeof like.stack === "string";
}

function readError(error: ErrorLike, parent: number | undefined, source: string | undefined, isMapped: boolean): Link {
  const { name, message, stack, code, errno } = error;
  const link: Link = {
    type: typeof name === "string" && name !== "" && name !== "Error" ? name : className(error),
    value: typeof message === "string" && message.length <= LONGEST ? message : messageOf(message),
  };
  if (typeof stack === "string") {
    link.stack = stack.length <= LONGEST ? stack : cut(stack);
    if (isMapped) supplySources(link.stack, link.value ?? "");
    const locals = variablesOf(error);
    if (locals !== undefined) link.locals = locals;
  }
  if (parent !== undefined) link.parent = parent;
  if (source !== undefined) link.source = source;
  if (Array.isArray(error.errors)) link.group = true;
  if (typeof code === "string" && typeof errno === "number" && Number.isInteger(errno)) {
    link.code = code;
    link.errno = errno;
  }
  return link;
}

function messageOf(message: unknown): string {
  return message === undefined || message === null ? "" : toText(message);
}

/** Its name, or that of its class when nobody gave it one. */
function className(error: ErrorLike): string {
  const name = typeof error.name === "string" && error.name !== "" ? error.name : "Error";
  if (name !== "Error") return name;
  const constructed: unknown = error.constructor?.name;
  return typeof constructed === "string" && constructed !== "" && constructed !== "Object" ? constructed : name;
}

/** Texts, numbers, plain objects: they have neither class nor stack. */
function readOther(thrown: unknown, caller: (() => string | undefined) | undefined): Thrown {
  const link: Link = { type: "Error", value: toText(thrown), synthetic: true };
  const stack = caller?.();
  if (stack) link.stack = stack;
  if (typeof thrown !== "object" || thrown === null) return split([link]);
  const { message, name } = thrown as ErrorLike;
  const kind = typeof name === "string" && name !== "" ? name : className(thrown as ErrorLike);
  link.type = kind === "Error" ? "Object" : kind;
  const keys = Object.keys(thrown).slice(0, 20).sort().join(", ");
  link.value =
    typeof message === "string" ? cut(message) : `an object was thrown, with ${keys === "" ? "no keys" : `the keys ${keys}`}`;
  return { ...split([link]), extra: toJson({ thrown }) };
}
