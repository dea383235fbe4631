import { tracingChannel } from "node:diagnostics_channel";

import type { Integration } from "../integration";
import { cut } from "../json";
import { addBreadcrumb } from "../setters";
import type { Span } from "../span";
import { getActiveSpan } from "../tracing";
import type { SpanAttributes } from "../tracing-types";
import { checked } from "./checked";
import { using } from "./using";

/** What a library says of one call, as far as we read it. */
interface Call {
  query?: unknown;
  command?: unknown;
  args?: unknown;
  database?: unknown;
  serverAddress?: unknown;
  serverPort?: unknown;
}

const spans = new WeakMap<object, Span>();

/** Queries of mysql2, which speaks of them by itself; there by default. */
export function mysql2Integration(options?: object): Integration {
  checked("mysql2Integration", options, {});
  return overChannels("Mysql2", ["mysql2:query", "mysql2:execute"], (call) =>
    sqlSpan("mysql", withoutValues(call.query), "auto.db.mysql2", placeOf(call)),
  );
}

/** Options of the official SDK. None has an effect: a value's key is not told, so that there are no spans of caches. */
export interface RedisOptions {
  cachePrefixes?: readonly string[];
  maxCacheKeyLength?: number;
  cacheResponseHook?: unknown;
}

/** Commands of ioredis and node-redis, which speak of them by themselves; there by default. */
export function redisIntegration(options?: RedisOptions): Integration {
  const known = { cachePrefixes: "idle", maxCacheKeyLength: "idle", cacheResponseHook: "idle" } as const;
  checked("redisIntegration", options, known);
  return overChannels("Redis", ["ioredis:command", "node-redis:command"], (call) => {
    const command = String(call.command ?? "").toUpperCase();
    const given = Array.isArray(call.args) ? call.args.map(String) : [];
    // One of them repeats the command in front; both have put `?` for values already.
    const args = given[0]?.toUpperCase() === command ? given.slice(1) : given;
    const place = placeOf(call);
    return {
      op: "db.redis",
      name: [command, ...args].join(" "),
      origin: "auto.db.redis",
      attributes: { "db.system": "redis", "db.operation": command, ...place },
    };
  });
}

const LONGEST_QUERY = 8192;
const VALUES = /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|\b(?:0x[0-9a-f]+|\d+(?:\.\d+)?)\b/gis;

/** mysql2 has put the values into the text already; each becomes a `?` again. */
function withoutValues(query: unknown): string | undefined {
  return typeof query === "string" ? cut(query, LONGEST_QUERY).replace(VALUES, "?") : undefined;
}

/** How a query is called: its text, which has places for values and not the values. @internal */
export function sqlSpan(system: string, query: unknown, origin: string, place: SpanAttributes = {}): Described | undefined {
  if (typeof query !== "string" || query === "") return undefined;
  const operation = /^\s*(\w+)/.exec(query)?.[1]?.toUpperCase();
  const attributes: SpanAttributes = { "db.system": system, ...place };
  if (operation) attributes["db.operation"] = operation;
  return { op: "db", name: query, origin, attributes };
}

/** What a span of a database says. @internal */
export interface Described {
  op: string;
  name: string;
  origin: string;
  attributes: SpanAttributes;
}

/** Starts the span of a query in the active one, and notes the query as a breadcrumb. @internal */
export function beginQuery(described: Described | undefined): Span | undefined {
  if (!described) return undefined;
  addBreadcrumb({ type: "query", category: "query", message: described.name, origin: described.origin });
  const parent = getActiveSpan();
  return parent?.isRecording() ? parent.inside(described) : undefined;
}

/** Ends it. @internal */
export function endQuery(span: Span | undefined, failed: boolean): void {
  if (!span) return;
  span.setStatus(failed ? "internal_error" : "ok");
  span.end();
}

function overChannels(name: string, channels: string[], describe: (call: Call) => Described | undefined): Integration {
  const setupOnce = (): void => {
    for (const channel of channels) {
      tracingChannel(channel).subscribe({
        start(message: object) {
          const span = using(name) ? beginQuery(describe(message)) : undefined;
          if (span) spans.set(message, span);
        },
        end() {},
        asyncStart() {},
        asyncEnd: (message: object) => finish(message, false),
        error: (message: object) => finish(message, true),
      });
    }
  };
  return { name, setupOnce };
}

function finish(message: object, failed: boolean): void {
  const span = spans.get(message);
  spans.delete(message);
  endQuery(span, failed);
}

function placeOf(call: Call): SpanAttributes {
  const place: SpanAttributes = {};
  if (call.database !== undefined && call.database !== "") place["db.name"] = String(call.database);
  if (typeof call.serverAddress === "string") place["server.address"] = call.serverAddress;
  if (typeof call.serverPort === "number") place["server.port"] = call.serverPort;
  return place;
}
