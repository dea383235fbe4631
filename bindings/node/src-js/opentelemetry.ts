/**
 * A bridge from OpenTelemetry: its spans become spans and transactions of ours, whatever instrumentation makes them.
 *
 * Nothing global is taken over: the application makes its provider and sets its propagator, and these are two more parts of
 * them. The sampler of OpenTelemetry comes first, then `tracesSampleRate` or `tracesSampler`: with neither, no transaction is
 * sent. A span without a parent in this process is a transaction, or a child of the active span of ours.
 *
 * @example
 * const { WatchpostSpanProcessor } = require("watchpost/opentelemetry");
 * const processor = new WatchpostSpanProcessor();
 * const provider = new NodeTracerProvider({ spanProcessors: [processor] });
 * provider.register({ propagator: processor.propagator() });
 * // Events that are captured inside of a span of OpenTelemetry belong to it.
 * Sentry.getGlobalScope().addEventProcessor(processor.eventProcessor);
 */
import {
  createContextKey,
  isSpanContextValid,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type HrTime,
  type Link,
  type SpanContext,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
} from "@opentelemetry/api";
import { W3CBaggagePropagator } from "@opentelemetry/core";

import { getClient, say } from "./client";
import { active } from "./context";
import { toJson, toText } from "./json";
import { native } from "./native";
import { Span } from "./span";
import { linkOf } from "./span-link";
import { getActiveSpan } from "./tracing";
import type { SpanLink } from "./tracing-types";
import type { Event } from "./types";

/** What is read of a span of OpenTelemetry. */
export interface TheirSpan {
  readonly name: string;
  readonly kind: number;
  readonly spanContext: () => SpanContext;
  readonly parentSpanContext?: SpanContext;
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly status: { code: number };
  readonly attributes: Attributes;
  readonly links: Link[];
}

/** More open spans than these are not followed. */
const MAX_OPEN = 10_000;
const SENTRY_TRACE = "sentry-trace";
const BAGGAGE = "baggage";
const ARRIVED = createContextKey("watchpost arrived");

/** Makes spans and transactions of ours out of those of OpenTelemetry. */
export class WatchpostSpanProcessor {
  /** Those that are open, by their ids. */
  readonly #open = new Map<string, Span>();

  /** A propagator that knows the spans of this processor. */
  propagator(): WatchpostPropagator {
    return new WatchpostPropagator(this);
  }

  /** An event processor by which events that are captured inside of a span of OpenTelemetry belong to that span. */
  readonly eventProcessor = (event: Event): Event => {
    const theirs = trace.getActiveSpan()?.spanContext();
    const span = theirs && this.spanOf(theirs);
    if (span && event.type === undefined) {
      const { trace_id, span_id, parent_span_id } = span.toJSON();
      const { parent_span_id: _, ...rest } = event.contexts?.trace ?? {};
      const own = { trace_id, span_id, ...(parent_span_id ? { parent_span_id } : {}) };
      event.contexts = { ...event.contexts, trace: { ...rest, ...own } };
    }
    return event;
  };

  /** Ours for an open span of OpenTelemetry. */
  spanOf(context: SpanContext): Span | undefined {
    return this.#open.get(context.spanId);
  }

  /** Starts ours. */
  onStart(span: TheirSpan, parentContext: Context): void {
    try {
      this.#start(span, parentContext);
    } catch (error) {
      say(`a span of OpenTelemetry was not followed: ${toText(error)}`);
    }
  }

  /** Ends ours. */
  onEnd(span: TheirSpan): void {
    const { spanId } = span.spanContext();
    const ours = this.#open.get(spanId);
    this.#open.delete(spanId);
    if (!ours?.isRecording()) return;
    try {
      describe(ours, span);
    } catch (error) {
      say(`a span of OpenTelemetry was not followed to its end: ${toText(error)}`);
    }
    ours.end(span.endTime);
  }

  /** Nothing: the client is flushed by its own owner. */
  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  /** Nothing: the client is closed by its own owner. */
  shutdown(): Promise<void> {
    return Promise.resolve();
  }

  #start(theirs: TheirSpan, parentContext: Context): void {
    const client = getClient();
    if (!client?.isEnabled || this.#open.size >= MAX_OPEN) return;
    const { traceId, spanId } = theirs.spanContext();
    const above = theirs.parentSpanContext;
    const parent = above ? this.spanOf(above) : getActiveSpan();
    const json = toJson({
      trace_id: traceId,
      span_id: spanId,
      parent_span_id: above?.spanId,
      kind: theirs.kind,
      name: toText(theirs.name),
      start: seconds(theirs.startTime),
      attributes: theirs.attributes,
      headers: parentContext.getValue(ARRIVED) ?? [],
    });
    const { isolation, current } = active();
    const start = () =>
      client.native.startOtelSpan(isolation.core(), current.core(), json, parent?.handle(), client.samplerDispatcher);
    const handle = client.samplerDispatcher ? client.hooks.during({ hint: {}, processors: [] }, start) : start();
    const scopes = parent ? undefined : [isolation, current];
    const making = { native: handle, recording: handle.isRecording, parent, scopes };
    this.#open.set(spanId, new Span(client, { name: theirs.name, startTime: theirs.startTime }, making));
  }
}

/**
 * Reads and writes `sentry-trace` and `baggage`.
 *
 * It writes the baggage of the context too, so that it stands in for OpenTelemetry's own propagator of baggage when writing;
 * among several, put it last.
 */
export class WatchpostPropagator implements TextMapPropagator {
  readonly #processor: WatchpostSpanProcessor;
  readonly #baggage = new W3CBaggagePropagator();

  /** One that knows the spans of `processor`. */
  constructor(processor: WatchpostSpanProcessor) {
    this.#processor = processor;
  }

  /** The headers that it writes. */
  fields(): string[] {
    return [SENTRY_TRACE, BAGGAGE, "traceparent"];
  }

  /** Writes the headers that take along the trace of the context. */
  inject<Carrier>(context: Context, carrier: Carrier, setter: TextMapSetter<Carrier>): void {
    const span = trace.getSpanContext(context);
    if (!span || !isSpanContextValid(span)) return;
    const ours = this.#processor.spanOf(span);
    if (!ours) {
      // Not one of ours: a span that is not recorded, or of another service.
      setter.set(carrier, SENTRY_TRACE, `${span.traceId}-${span.spanId}-${span.traceFlags & TraceFlags.SAMPLED}`);
      return;
    }
    const others: Record<string, string> = {};
    this.#baggage.inject(context, others, { set: (headers, name, value) => (headers[name] = value) });
    const [sentryTrace = "", baggage, traceparent] = ours.headers(others[BAGGAGE]);
    setter.set(carrier, SENTRY_TRACE, sentryTrace);
    if (baggage) setter.set(carrier, BAGGAGE, baggage);
    if (traceparent) setter.set(carrier, "traceparent", traceparent);
  }

  /** The context with the trace that arrived; as it was without one. */
  extract<Carrier>(context: Context, carrier: Carrier, getter: TextMapGetter<Carrier>): Context {
    const all = (name: string) => [getter.get(carrier, name) ?? []].flat();
    const [header] = all(SENTRY_TRACE);
    const [traceId, spanId, sampled] = (typeof header === "string" && native.NativeSpan.otelRemote(header)) || [];
    if (!header || !traceId || !spanId) return context;
    const traceFlags = sampled === "1" ? TraceFlags.SAMPLED : TraceFlags.NONE;
    // Kept until the first span starts in it.
    const headers = [[SENTRY_TRACE, header], ...all(BAGGAGE).map((value) => [BAGGAGE, value])];
    const found = context.setValue(ARRIVED, headers);
    return trace.setSpanContext(found, { traceId, spanId, traceFlags, isRemote: true });
  }
}

function describe(ours: Span, theirs: TheirSpan): void {
  const { kind, name, status, attributes, links } = theirs;
  const refused = ours.handle()?.describeOtel(
    toJson({
      kind,
      name: toText(name),
      status: status.code,
      attributes,
      links: links.map((link) => linkOf(link as SpanLink)).filter((link) => link !== undefined),
    }),
  );
  if (refused) say(`a span of OpenTelemetry was not followed to its end: ${refused}`);
}

function seconds([whole, nanoseconds]: HrTime): number {
  return whole + nanoseconds / 1e9;
}
