import type { IncomingRequest, Primitive } from "./types";
import type { Span } from "./span";

/** A point in time: seconds or milliseconds since 1970, a date, or `[seconds, nanoseconds]`. */
export type SpanTimeInput = number | Date | [number, number];

/** What an attribute may hold. */
export type SpanAttributeValue =
  | string
  | number
  | boolean
  | (string | null | undefined)[]
  | (number | null | undefined)[]
  | (boolean | null | undefined)[];

/** Attributes by name. `sentry.op`, `sentry.origin` and `sentry.source` say the same as the fields of those names. */
export type SpanAttributes = Record<string, SpanAttributeValue | undefined>;

/** What a transaction's name was made of. */
export type TransactionSource = "custom" | "url" | "route" | "view" | "component" | "task";

/** How the work of a span ended: 0 says nothing, 1 is well, 2 is not. `message` is a status like `not_found`. */
export interface SpanStatus {
  code: 0 | 1 | 2;
  message?: string | undefined;
}

/** Which span it is. */
export interface SpanContextData {
  traceId: string;
  spanId: string;
  /** 1 if it is sampled. */
  traceFlags: number;
  isRemote?: boolean | undefined;
}

/** Another span that a span has to do with. */
export interface SpanLink {
  context: SpanContextData;
  attributes?: SpanAttributes;
}

/** What a span starts with. */
export interface StartSpanOptions {
  /** What it stands for; a transaction's name or a child's description. */
  name: string;
  /** What kind of work it is: `db.query`, `http.client`. */
  op?: string | undefined;
  attributes?: SpanAttributes | undefined;
  /** When it began, if not now. */
  startTime?: SpanTimeInput | undefined;
  /** The span to start it in, instead of the active one; `null` for none. */
  parentSpan?: Span | null | undefined;
  /** Starts it in a fork of this scope instead of the current one. */
  scope?: import("./scope").Scope | undefined;
  /** Starts nothing where no span is active. */
  onlyIfParent?: boolean | undefined;
  /** Starts a transaction, also inside of another. */
  forceTransaction?: boolean | undefined;
  links?: SpanLink[] | undefined;
  /** What makes it: `auto.http.express`; `manual` by default. */
  origin?: string | undefined;
  /** What a transaction's name was made of; `custom` by default. */
  source?: TransactionSource | undefined;
  /** Decides about a transaction here and now, whatever rates and parents say. */
  sampled?: boolean | undefined;
  /** Something for the `tracesSampler` alone. */
  samplingContext?: Record<string, unknown> | undefined;
}

/** What `startTransaction` and `startChild` start with. */
export interface SpanContext {
  name?: string | undefined;
  op?: string | undefined;
  /** Of a child, the same as `name`. */
  description?: string | undefined;
  origin?: string | undefined;
  status?: string | undefined;
  data?: Record<string, unknown> | undefined;
  attributes?: SpanAttributes | undefined;
  tags?: Record<string, Primitive> | undefined;
  startTimestamp?: SpanTimeInput | undefined;
  links?: SpanLink[] | undefined;
}

/** What `startTransaction` starts with. */
export interface TransactionContext extends SpanContext {
  name: string;
  sampled?: boolean | undefined;
  source?: TransactionSource | undefined;
  metadata?: { source?: TransactionSource; [key: string]: unknown } | undefined;
}

/** What a `tracesSampler` may decide by; beside it everything that `samplingContext` held. */
export interface SamplingContext {
  name: string;
  /** What it starts with, `sentry.op` and `sentry.source` among it. */
  attributes: SpanAttributes;
  /** What the service that sent us the trace decided. */
  parentSampled: boolean | undefined;
  /** The rate at which it decided. */
  parentSampleRate: number | undefined;
  /** The decision or the rate that came with the trace, else `fallback`. */
  inheritOrSampleWith(fallback: number): number;
  /** The same in the words of older programs. */
  transactionContext: TransactionContext & { parentSampled?: boolean | undefined };
  /** The request that is being answered, where an integration knows it. */
  normalizedRequest?: IncomingRequest | undefined;
  [key: string]: unknown;
}

/** A span as `beforeSendSpan` sees it and as it travels. */
export interface StreamedSpan {
  trace_id: string;
  span_id: string;
  parent_span_id?: string;
  name: string;
  status: "ok" | "error";
  is_segment: boolean;
  start_timestamp: number;
  end_timestamp: number;
  /** Plain values, or `{ value, unit }`. */
  attributes?: Record<string, unknown>;
  links?: { trace_id: string; span_id: string; sampled?: boolean; attributes?: Record<string, unknown> }[];
  [key: string]: unknown;
}

/** A span as an object of plain values. */
export interface SpanJSON {
  trace_id: string;
  span_id: string;
  parent_span_id?: string;
  op?: string;
  description?: string;
  origin?: string;
  status?: string;
  start_timestamp?: number;
  timestamp?: number;
  data: Record<string, unknown>;
}
