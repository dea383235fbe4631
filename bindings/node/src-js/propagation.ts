import { getClient, type Client } from "./client";
import { active, within } from "./context";
import { toText } from "./json";
import type { Scope } from "./scope";
import type { Span } from "./span";
import { getActiveSpan } from "./tracing";

/** The trace headers of a request or message: by these names, or as they came, in any case. */
export interface IncomingTrace {
  sentryTrace?: string | string[] | null | undefined;
  baggage?: string | string[] | null | undefined;
  traceparent?: string | string[] | null | undefined;
  [header: string]: unknown;
}

/** The headers that take a trace along. */
export interface TraceData {
  "sentry-trace"?: string;
  baggage?: string;
  /** Where the option `propagateTraceparent` asks for it. */
  traceparent?: string;
}

/**
 * Runs `callback` in the trace that another service sent along; without one, in a trace that starts here. It takes
 * `{ sentryTrace, baggage }`, or the headers of the request themselves.
 */
export function continueTrace<T>(headers: IncomingTrace, callback: () => T): T {
  return inTrace((client, scope) => client.native.continueTrace(scope.core(), traceHeaders(headers)), callback);
}

/** Runs `callback` in a trace of its own; no span of the caller is active in there. */
export function startNewTrace<T>(callback: () => T): T {
  return inTrace((client, scope) => client.native.startNewTrace(scope.core()), callback);
}

/** What takes the trace along to wherever the caller sends it: the active one, or that of a span. */
export function getTraceData(options: { span?: Span; scope?: Scope } = {}): TraceData {
  const client = getClient();
  const { isolation, current } = active();
  const scope = options.scope ?? current;
  if (!client?.isEnabled || scope.suppressed) return {};
  if (options.span) return named(options.span.headers());
  return named(client.native.traceHeaders(isolation.handle(), scope.handleIfUsed()));
}

/** The same as meta elements for a page. */
export function getTraceMetaTags(data: TraceData = getTraceData()): string {
  return Object.entries(data)
    .map(([name, content]) => `<meta name="${name}" content="${content}"/>`)
    .join("\n");
}

/**
 * The trace headers for a request to `url`; nothing if it is to carry none, because of `tracePropagationTargets` or
 * because it goes to the server of the DSN. `baggage` is what the request has already.
 */
export function outgoingHeaders(url: string, baggage?: string): TraceData | undefined {
  const client = getClient();
  const { isolation, current } = active();
  if (!client || current.suppressed) return undefined;
  const headers = client.native.traceHeaders(isolation.handle(), current.handleIfUsed(), toText(url), baggage);
  return headers ? named(headers) : undefined;
}

/** The header `sentry-trace` that makes `span` the parent on the other side. */
export function spanToTraceHeader(span: Span): string {
  return span.headers()[0] ?? "";
}

/** The header `baggage` that says what is known about the trace of `span`. */
export function spanToBaggageHeader(span: Span | undefined = getActiveSpan()): string | undefined {
  return span?.headers()[1] || undefined;
}

function inTrace<T>(set: (client: Client, scope: Scope) => void, callback: () => T): T {
  const client = getClient();
  const scope = active().current.forkWith(undefined);
  if (client) set(client, scope);
  return within(scope, callback);
}

function named(headers: string[] | null): TraceData {
  const [trace, baggage, traceparent] = headers ?? [];
  const data: TraceData = {};
  if (trace) data["sentry-trace"] = trace;
  if (baggage) data.baggage = baggage;
  if (traceparent) data.traceparent = traceparent;
  return data;
}

/** Those that carry a trace, names and values in turn. @internal */
export function traceHeaders(headers: IncomingTrace | undefined): string[] {
  const list: string[] = [];
  for (const name in headers) {
    // Of the many headers of a request only these can matter: all known names have 7, 11, 12 or 14 characters.
    if (!LENGTHS.has(name.length)) continue;
    const value = headers[name];
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (typeof one === "string") list.push(name === "sentryTrace" ? "sentry-trace" : name, one);
    }
  }
  return list;
}

const LENGTHS = new Set([7, 11, 12, 14]);
