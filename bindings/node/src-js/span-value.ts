import { toText } from "./json";
import type { SpanAttributes, SpanStatus, SpanTimeInput } from "./tracing-types";

/** Seconds since 1970; nothing for what is no time. @internal */
export function toSeconds(time: SpanTimeInput | undefined): number | undefined {
  if (time === undefined || time === null) return undefined;
  if (Array.isArray(time)) return toSeconds(Number(time[0]) + Number(time[1]) / 1e9);
  const number = time instanceof Date ? time.getTime() : time;
  if (typeof number !== "number" || !Number.isFinite(number)) return undefined;
  // Nobody means the year 2286: those are milliseconds.
  return time instanceof Date || number > 9_999_999_999 ? number / 1000 : number;
}

/** The ids of a trace and of a span that nobody records. @internal */
export function randomIds(): [string, string] {
  // Most programs never ask, and loading it takes time and memory.
  const { randomBytes } = require("node:crypto") as typeof import("node:crypto");
  return [randomBytes(16).toString("hex"), randomBytes(8).toString("hex")];
}

/** Attributes, with those apart that the core has fields for. @internal */
export interface Split {
  op: string | undefined;
  origin: string | undefined;
  source: string | undefined;
  rest: Record<string, unknown> | undefined;
}

/** Takes attributes apart; what is said beside them wins. @internal */
export function split(
  attributes: SpanAttributes | undefined,
  beside: { op?: string | undefined; origin?: string | undefined; source?: string | undefined } = {},
): Split {
  const found: Split = { op: beside.op, origin: beside.origin, source: beside.source, rest: undefined };
  for (const key in attributes) {
    const value = attributes[key];
    const field = fieldOf(key, value);
    if (field) {
      found[field] ??= value as string;
    } else if (value !== undefined) {
      (found.rest ??= {})[key] = value;
    }
  }
  return found;
}

/** Which field of the core an attribute stands for. @internal */
export function fieldOf(name: string, value: unknown): "op" | "origin" | "source" | undefined {
  return name.startsWith("sentry.") && typeof value === "string" ? FIELDS[name] : undefined;
}

/** A status in the words of the core, and what was said beside it. @internal */
export function statusOf(status: SpanStatus | string): { name: string | undefined; message: string | undefined } {
  if (typeof status === "string") return known(status);
  const code: unknown = status?.code;
  if (code === 1) return { name: "ok", message: undefined };
  if (code !== 2) return { name: undefined, message: undefined };
  return status.message === undefined ? { name: "internal_error", message: undefined } : known(toText(status.message));
}

/** @internal */
export function isThrown(value: unknown): value is { name?: unknown; message?: unknown; stack?: unknown } {
  return typeof value === "object" && value !== null && "message" in value;
}

/** A status by its name; other words are said beside `internal_error`. */
function known(text: string): { name: string; message: string | undefined } {
  return STATUSES.has(text) ? { name: text, message: undefined } : { name: "internal_error", message: text };
}

const FIELDS: Record<string, "op" | "origin" | "source"> = {
  "sentry.op": "op",
  "sentry.origin": "origin",
  "sentry.source": "source",
  "sentry.span.source": "source",
  "sentry.segment.name.source": "source",
};

const STATUSES = new Set(
  (
    "ok cancelled unknown unknown_error invalid_argument deadline_exceeded not_found already_exists " +
    "permission_denied resource_exhausted failed_precondition aborted out_of_range unimplemented internal_error " +
    "unavailable data_loss unauthenticated"
  ).split(" "),
);
