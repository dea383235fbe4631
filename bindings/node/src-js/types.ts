import type { Attachment } from "./attachment";

/** How bad it is. */
export type SeverityLevel = "fatal" | "error" | "warning" | "log" | "info" | "debug";

/** A tag's value; everything becomes text. `null` removes the tag. */
export type Primitive = string | number | bigint | boolean | symbol | null | undefined;

/** Who was affected. Never filled in by itself. */
export interface User {
  id?: string | number;
  username?: string;
  email?: string;
  ip_address?: string;
  [key: string]: unknown;
}

/** One step on the way to an event. */
export interface Breadcrumb {
  /** `default`, `http`, `navigation`, `query`, `user` ... */
  type?: string;
  /** A dotted name of where it comes from, like `auth.login`. */
  category?: string;
  message?: string;
  level?: SeverityLevel;
  /** Seconds since 1970; now if missing. */
  timestamp?: number;
  /** What made it, like `auto.http.express`. */
  origin?: string;
  data?: Record<string, unknown>;
}

/** What hooks get beside a breadcrumb. */
export type BreadcrumbHint = Record<string, unknown>;

/** One call of a stack. */
export interface StackFrame {
  filename?: string;
  abs_path?: string;
  function?: string;
  module?: string;
  lineno?: number;
  colno?: number;
  in_app?: boolean;
  pre_context?: string[];
  context_line?: string;
  post_context?: string[];
  vars?: Record<string, unknown>;
  [key: string]: unknown;
}

/** How an exception was caught, and how it hangs together with the others. */
export interface Mechanism {
  type?: string;
  handled?: boolean;
  synthetic?: boolean;
  exception_id?: number;
  parent_id?: number;
  is_exception_group?: boolean;
  source?: string;
  [key: string]: unknown;
}

/** One error of a chain. */
export interface Exception {
  type?: string;
  value?: string;
  module?: string;
  mechanism?: Mechanism;
  stacktrace?: { frames?: StackFrame[]; [key: string]: unknown };
  [key: string]: unknown;
}

/** The request that was being answered. */
export interface RequestData {
  method?: string;
  url?: string;
  query_string?: string;
  headers?: Record<string, string>;
  data?: unknown;
  env?: Record<string, unknown>;
}

/** What is known of a request's body. */
export type RequestBody = { read: string } | { parsed: unknown } | "too_large" | "unread";

/** What a framework knows of a request, before anything of it is collected. */
export interface IncomingRequest {
  method?: string;
  /** With the query. */
  url: string;
  headers: [string, string][];
  remote_addr?: string;
  /** What its transaction is called, `GET /orders/:id`. */
  transaction?: string;
  /** Where bodies are collected. */
  body?: RequestBody;
}

/** An event, as hooks see it. `message` is what was said without a template; it travels as `logentry`. */
export interface Event extends EventFields<Breadcrumb[]> {}

/** An event as it travels: its breadcrumbs are within an object. */
export interface RecordedEvent extends EventFields<{ values?: Breadcrumb[] }> {}

/** What events have, whatever holds their breadcrumbs. */
export interface EventFields<Breadcrumbs> {
  event_id?: string;
  timestamp?: number | string;
  platform?: string;
  level?: SeverityLevel;
  logger?: string;
  transaction?: string;
  server_name?: string;
  release?: string;
  dist?: string;
  environment?: string;
  message?: string;
  logentry?: { message?: string; formatted?: string; params?: unknown[] };
  exception?: { values?: Exception[] };
  user?: User;
  request?: RequestData;
  tags?: Record<string, Primitive>;
  extra?: Record<string, unknown>;
  contexts?: Record<string, Record<string, unknown> | undefined>;
  breadcrumbs?: Breadcrumbs;
  fingerprint?: string[];
  sdk?: Record<string, unknown>;
  [key: string]: unknown;
}

/** What hooks get beside an event. */
export interface EventHint {
  /** What was thrown. */
  originalException?: unknown;
  /** Files that go with this one event. */
  attachments?: Attachment[];
  [key: string]: unknown;
}

/** What is said at the call, for one event. */
export interface ScopeContext {
  user?: User | null;
  level?: SeverityLevel;
  tags?: Record<string, Primitive>;
  extra?: Record<string, unknown>;
  contexts?: Record<string, Record<string, unknown> | null>;
  fingerprint?: string[];
  transactionName?: string;
  attributes?: Record<string, unknown>;
  attachments?: Attachment[];
}

/** Sees an event after the scopes, may change it, and drops it with `null`. A promise is waited for as that of `beforeSend` is, but
 * for feedback. */
export type EventProcessor = (event: Event, hint: EventHint) => Event | null | PromiseLike<Event | null>;

/** The event of an error or a message. */
export type ErrorEvent = Event & { type?: undefined };

/** The event of a transaction. */
export type TransactionEvent = Event & { type: "transaction" };

/** What was being answered, by its other name. */
export type RequestEventData = RequestData;

/** The calls of an error. */
export type Stacktrace = NonNullable<Exception["stacktrace"]>;

/** A request of whatever framework. */
export type PolymorphicRequest = Record<string, unknown>;

/** What reported an event. */
export type SdkInfo = NonNullable<Event["sdk"]>;
