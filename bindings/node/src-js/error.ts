import { types } from "node:util";

import { cut, toJson, toText } from "./json";
import type { Link } from "./native";

const MOST = 50;

/** What was thrown, with everything it came from: itself first, every other one after its parent. */
export interface Thrown {
  links: Link[];
  /** Extra values, as JSON. */
  extra?: string;
}

/** Reads whatever was thrown. `caller` gives a stack for what has none. Throws only what a getter of it throws. */
export function readThrown(thrown: unknown, caller: (() => string | undefined) | undefined): Thrown {
  if (!isError(thrown)) return readOther(thrown, caller);
  const found: { error: ErrorLike; parent?: number; source?: string }[] = [{ error: thrown }];
  const links: Link[] = [];
  const walk = [0];
  for (let id = walk.pop(); id !== undefined; id = walk.pop()) {
    for (const [source, error] of origins((found[id] as { error: ErrorLike }).error)) {
      if (found.length >= MOST || found.some((known) => known.error === error)) continue;
      walk.push(found.length);
      found.push({ error, parent: id, source });
    }
  }
  for (const { error, parent, source } of found) links.push(readError(error, parent, source));
  return { links };
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

function origins(error: ErrorLike): [string, ErrorLike][] {
  const origins: [string, ErrorLike][] = [];
  const { cause, errors } = error;
  if (isError(cause)) origins.push(["cause", cause]);
  if (Array.isArray(errors)) {
    errors.slice(0, MOST).forEach((member: unknown, index) => {
      if (isError(member)) origins.push([`errors[${index}]`, member]);
    });
  }
  return origins;
}

function readError(error: ErrorLike, parent: number | undefined, source: string | undefined): Link {
  const { message, stack, code, errno } = error;
  const link: Link = {
    type: className(error),
    value: message === undefined || message === null ? "" : toText(message),
  };
  if (typeof stack === "string") link.stack = cut(stack);
  if (parent !== undefined) link.parent = parent;
  if (source !== undefined) link.source = source;
  if (Array.isArray(error.errors)) link.group = true;
  if (typeof code === "string" && typeof errno === "number" && Number.isInteger(errno)) {
    link.code = code;
    link.errno = errno;
  }
  return link;
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
  if (typeof thrown !== "object" || thrown === null) return { links: [link] };
  const { message, name } = thrown as ErrorLike;
  const kind = typeof name === "string" && name !== "" ? name : className(thrown as ErrorLike);
  link.type = kind === "Error" ? "Object" : kind;
  const keys = Object.keys(thrown).slice(0, 20).sort().join(", ");
  link.value =
    typeof message === "string" ? cut(message) : `an object was thrown, with ${keys === "" ? "no keys" : `the keys ${keys}`}`;
  return { links: [link], extra: toJson({ thrown }) };
}
