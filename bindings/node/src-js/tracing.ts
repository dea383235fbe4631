import { getClient, type Client } from "./client";
import { active, within } from "./context";
import { toJson, toText } from "./json";
import type { Scope } from "./scope";
import { Span } from "./span";
import { linksToJson } from "./span-link";
import { split, toSeconds } from "./span-value";
import { settled } from "./settled";
import type { SpanJSON, SpanStatus, StartSpanOptions, TransactionContext } from "./tracing-types";

/**
 * Runs `callback` in a span of its own, inside of the active one or as a transaction, and ends it when the callback
 * returns, or when the promise that it returned settles. What it throws is the caller's, and the span's status.
 *
 * The callback runs in a fork of the current scope.
 */
export function startSpan<T>(options: StartSpanOptions, callback: (span: Span) => T): T {
  const [span, scope] = begin(options);
  return within(scope, () =>
    settled(
      () => callback(span),
      () => span.end(),
      () => span.toJSON().status === undefined && span.setStatus("internal_error"),
    ),
  );
}

/** The same, but the span goes on until its `end` is called. */
export function startSpanManual<T>(options: StartSpanOptions, callback: (span: Span, finish: () => void) => T): T {
  const [span, scope] = begin(options);
  return within(scope, () =>
    settled(
      () => callback(span, () => span.end()),
      () => undefined,
      () => span.toJSON().status === undefined && span.setStatus("internal_error"),
    ),
  );
}

/** Starts a span that is active nowhere; its owner ends it. */
export function startInactiveSpan(given: StartSpanOptions): Span {
  const options = given ?? { name: "" };
  return make(options, options.scope ?? active().current);
}

/** Starts a transaction that is active nowhere; its owner ends it. What is in `samplingContext` is for the
 * `tracesSampler` alone. */
export function startTransaction(context: TransactionContext, samplingContext?: Record<string, unknown>): Span {
  const { description, data, attributes, status, tags, startTimestamp, metadata, name, source, ...rest } = context;
  const options: StartSpanOptions = {
    ...rest,
    name: name ?? description ?? "",
    source: source ?? metadata?.source,
    startTime: startTimestamp,
    attributes: { ...(data as object), ...attributes },
    samplingContext,
    parentSpan: null,
  };
  const span = startInactiveSpan(options);
  if (status !== undefined) span.setStatus(status);
  for (const [key, value] of Object.entries(tags ?? {})) span.setTag(key, value);
  return span;
}

/** Runs `callback` with `span` as the active one, in a fork of the current scope; with `null` none is active. */
export function withActiveSpan<T>(span: Span | null, callback: (scope: Scope) => T): T {
  const scope = active().current.forkWith(span ?? undefined);
  return within(scope, callback, scope);
}

/** The active span. */
export function getActiveSpan(): Span | undefined {
  const { span } = active().current;
  return span?.isOpen ? span : undefined;
}

/** The transaction that a span belongs to. */
export function getRootSpan(span: Span): Span {
  return span.root;
}

/** Renames a span in the application's own words. */
export function updateSpanName(span: Span, name: string): void {
  span.updateName(name);
}

/** Says with which HTTP status the work of a span ended. */
export function setHttpStatus(span: Span, code: number): void {
  span.setHttpStatus(code);
}

/** The status that an HTTP status stands for, for `setStatus`. */
export function getSpanStatusFromHttpCode(code: number): SpanStatus {
  if (code >= 100 && code < 400) return { code: 1 };
  if (code >= 400 && code < 500) return { code: 2, message: CLIENT_ERRORS[code] ?? "invalid_argument" };
  if (code >= 500 && code < 600) return { code: 2, message: SERVER_ERRORS[code] ?? "internal_error" };
  return { code: 2, message: "unknown_error" };
}

/** Adds a measured number to the transaction of the active span, or of another one. */
export function setMeasurement(name: string, value: number, unit = "", span: Span | undefined = getActiveSpan()): void {
  span?.setMeasurement(name, value, unit);
}

/** A span as an object of plain values. */
export function spanToJSON(span: Span): SpanJSON {
  return span.toJSON();
}

/** Runs `callback` where no span is started, and no trace is sent along. */
export function suppressTracing<T>(callback: () => T): T {
  const scope = active().current.fork();
  scope.suppressed = true;
  return within(scope, callback);
}

/** True inside of {@link suppressTracing}. */
export function isTracingSuppressed(scope: Scope = active().current): boolean {
  return scope.suppressed;
}

/** A span and the scope in which it is the active one. */
function begin(given: StartSpanOptions): [Span, Scope] {
  const options = given ?? { name: "" };
  const base = options.scope ?? active().current;
  const scope = base.fork();
  const span = make(options, scope);
  if (span.isKnown) scope.span = span;
  return [span, scope];
}

function make(options: StartSpanOptions, scope: Scope): Span {
  const client = getClient();
  const around = options.parentSpan === undefined ? scope.span : (options.parentSpan ?? undefined);
  const parent = around?.isOpen ? around : undefined;
  if (!client || scope.suppressed || (options.onlyIfParent && !parent)) return new Span(client, options, {});
  if (parent && !options.forceTransaction) return parent.inside(options);
  return transaction(client, options, scope, parent);
}

function transaction(client: Client, options: StartSpanOptions, scope: Scope, parent: Span | undefined): Span {
  const { isolation } = active();
  const { op, origin, source, rest } = split(options.attributes, options);
  const early = client.startsByAttributes && rest ? toJson(rest) : undefined;
  const start = () =>
    client.native.startTransaction(
      isolation.core(),
      scope.core(),
      toText(options.name),
      op,
      source,
      origin,
      options.sampled,
      toSeconds(options.startTime),
      early,
      undefined,
      linksToJson(options.links),
      parent?.handle(),
      client.samplerDispatcher,
    );
  // With tracing off a span is no more than its ids, and most are never asked for theirs.
  if (!client.isTracingOn) return new Span(client, options, { native: start });
  const sampling = options.samplingContext;
  const native = client.samplerDispatcher
    ? client.hooks.during({ hint: {}, processors: [], sampling }, start)
    : start();
  const recording = native.isRecording;
  const scopes = recording ? [isolation, scope] : undefined;
  const { name, startTime } = options;
  return new Span(client, { name, op, startTime }, { native, recording, data: rest, early: early !== undefined, scopes });
}

const CLIENT_ERRORS: Record<number, string> = {
  401: "unauthenticated",
  403: "permission_denied",
  404: "not_found",
  409: "already_exists",
  413: "failed_precondition",
  429: "resource_exhausted",
  499: "cancelled",
};
const SERVER_ERRORS: Record<number, string> = { 501: "unimplemented", 503: "unavailable", 504: "deadline_exceeded" };
