import type { Integration, Integrations } from "./integration";
import type { Scope } from "./scope";
import type { Log } from "./log";
import type { Metric } from "./metric";
import { HOOKS } from "./hook-table";
import { coreRules, translated, type IDLE } from "./option-values";
import type { SamplingContext, StreamedSpan } from "./tracing-types";
import type { Breadcrumb, BreadcrumbHint, ErrorEvent, Event, EventHint, ScopeContext, TransactionEvent } from "./types";

/** A rule of `ignoreSpans`: all that it says must hold. */
export interface IgnoreSpan {
  /** The span's name: a transaction's name, or a span's description. */
  name?: string | RegExp | { regex: string };
  /** Its operation. */
  op?: string | RegExp | { regex: string };
  /** Attributes of its start: texts and patterns need only occur, everything else must be equal. */
  attributes?: Record<string, unknown>;
}

/** The options of `init`. What is not given comes from the variables `SENTRY_DSN`, `SENTRY_RELEASE`,
 * `SENTRY_ENVIRONMENT`, `SENTRY_SAMPLE_RATE`, `SENTRY_TRACES_SAMPLE_RATE`, `SENTRY_DEBUG`, `SENTRY_KEEP_ALIVE` and
 * `SENTRY_SPOTLIGHT`, else it has its default. */
export interface Options extends IdleOptions {
  /** Where events go, like `https://public_key@errors.example.com/42`. Without one nothing is reported. */
  dsn?: string | null;
  /** The version of the application, like `shop@1.2.3`. */
  release?: string | number | null;
  /** Where it runs; `production` by default. */
  environment?: string | null;
  /** The build of the release. */
  dist?: string | number | null;
  /** The name of the machine; the host name by default. */
  serverName?: string | null;
  /** False: events do not name the machine. */
  includeServerName?: boolean | null;
  /** Packages and their versions, for every error of this release; by default those that `package.json` asks for. */
  modules?: Record<string, string> | null;
  /** The share of errors that is sent, from 0 to 1; 1 by default. */
  sampleRate?: number | null;
  /** How many breadcrumbs are kept; 100 by default. */
  maxBreadcrumbs?: number | null;
  /** Messages carry the caller's stack; off by default. */
  attachStacktrace?: boolean | null;
  /** Integrations may collect personal data; off by default. */
  sendDefaultPii?: boolean | null;
  /** What is collected, kind by kind; wins over `sendDefaultPii`. */
  dataCollection?: DataCollection | null;
  /** Keys whose values are masked everywhere, also inside of JSON, forms, query strings and cookies. */
  sanitizeFields?: readonly string[] | null;
  /** Secrets that are told by their looks. */
  scrubPatterns?: boolean | readonly ("card_numbers" | "tokens" | "emails")[] | null;
  /** The largest request body that is sent: 0, 1,000, 10,000 bytes or any; `medium` by default. */
  maxRequestBodySize?: "none" | "small" | "medium" | "always" | null;
  /** Counts of dropped events are reported; on by default. */
  sendClientReports?: boolean | null;
  /** Sends what is written to the structured log; false by default. */
  enableLogs?: boolean | null;
  /** False sends no metrics; true by default. */
  enableMetrics?: boolean | null;
  /** Collects nothing before `setConsent(true)`; false by default. */
  requireConsent?: boolean | null;
  /** The largest attachment that is sent, in bytes; 20 MiB by default. */
  maxAttachmentSize?: number | null;
  /** Counts runs, or requests, of a `release` as sessions; true by default. */
  autoSessionTracking?: boolean | null;
  /** Reports, at the next start, a process that was killed, with the breadcrumbs it left; false by default. */
  reportKilled?: boolean | null;
  /** False leaves SIGTERM alone; true by default: a process that dies of it notes so first. */
  markSigterm?: boolean | null;
  /** The share of traces that start here and are sent, from 0 to 1; unset records no spans. */
  tracesSampleRate?: number | null;
  /** True is a `tracesSampleRate` of 1, unless there is one. */
  enableTracing?: boolean | null;
  /** How many spans a transaction may hold; 1000 by default. */
  maxSpans?: number | null;
  /** Which requests take the trace along: texts that occur in the address, or patterns; all by default. */
  tracePropagationTargets?: (string | RegExp | { regex: string })[] | null;
  /** Also sends the W3C header `traceparent`; off by default. */
  propagateTraceparent?: boolean | null;
  /** Continues only traces whose organisation is known to be our own; off by default. */
  strictTraceContinuation?: boolean | null;
  /** The organisation's number; that of the DSN's host by default. */
  orgId?: string | number | null;
  /** Spans that are never started: texts that occur in the name, patterns, or rules. */
  ignoreSpans?: (string | RegExp | { regex: string } | IgnoreSpan)[] | null;
  /** Transactions that are dropped when they end: texts that occur in the name, or patterns. What is never to start goes
   * into `ignoreSpans`. */
  ignoreTransactions?: (string | RegExp)[] | null;
  /** `static` (the default) sends spans in transactions, `stream` each soon after it ends. */
  traceLifecycle?: "static" | "stream" | null;
  /** Milliseconds that `close` and a normal exit may wait; 2000 by default. */
  shutdownTimeout?: number | null;
  /** The folder that keeps events until they are delivered; in the system's cache by default. */
  storageDir?: string | null;
  /** False keeps events in memory only. */
  spool?: boolean | null;
  /** How bodies are compressed; `gzip` by default. */
  compression?: "gzip" | "zstd" | "none" | null;
  /** The proxy for `http` servers, and for `https` ones without one of their own; else `HTTP_PROXY` or `ALL_PROXY`. */
  httpProxy?: string | null;
  /** The proxy for `https` servers; else `HTTPS_PROXY` or `ALL_PROXY`. */
  httpsProxy?: string | null;
  /** Hosts that are reached without a proxy, separated by commas; else `NO_PROXY`. */
  noProxy?: string | string[] | null;
  /** A PEM file with the authorities to trust in place of the system's. */
  caCerts?: string | null;
  /** A PEM file with the certificate that is shown to the server. */
  certFile?: string | null;
  /** A PEM file with its key. */
  keyFile?: string | null;
  /** An address of your own that passes envelopes on. */
  tunnel?: string | null;
  /** True, or an address, sends a copy of everything to a Spotlight sidecar; else `SENTRY_SPOTLIGHT`. */
  spotlight?: boolean | string | null;
  /** False keeps the sample rate of traces while the queue is full or the server limits. */
  enableBackpressureHandling?: boolean | null;
  /** False makes a new connection for each request; else `SENTRY_KEEP_ALIVE`. */
  keepAlive?: boolean | null;
  /** Modules, like `src.vendored`, or beginnings of paths that are the application's own. */
  inAppInclude?: string[] | null;
  /** Those that are not. */
  inAppExclude?: string[] | null;
  /** Errors that are dropped: a class, by its name; text that occurs in `class: message`; or patterns. */
  ignoreErrors?: (string | RegExp | { regex: string } | (abstract new (...given: never[]) => unknown))[] | null;
  /** Errors whose innermost file is none of these are dropped: texts that occur in its name, or patterns. */
  allowUrls?: (string | RegExp)[] | null;
  /** Errors whose innermost file is one of these are dropped. */
  denyUrls?: (string | RegExp)[] | null;
  /** Frames carry the lines around them; on by default. */
  includeSourceContext?: boolean | null;
  /** Errors carry the local variables of the calls that threw them, or, with `"types"`, what kind of value each has; off by
   * default. See `localVariablesIntegration`. */
  includeLocalVariables?: boolean | "types" | null;
  /** Switched off by name, in any case: `Console`, `Http`, or one half of it, `Http.Server` or `Http.Client`, `NodeFetch`
   * (`fetch`), `OnUncaughtException` and `OnUnhandledRejection` (both: `uncaught`), and the others of `getDefaultIntegrations()`. */
  disabledIntegrations?: string[] | null;
  /** Integrations beside the default ones, or a function that is given these and answers with all. */
  integrations?: Integrations | null;
  /** False: only those of `integrations`; a list: these in the place of the default ones. */
  defaultIntegrations?: false | Integration[] | null;
  /** False: nothing is reported, whatever DSN there is. */
  enabled?: boolean | null;
  /** What the isolation scope of the process begins with. */
  initialScope?: ScopeContext | ((scope: Scope) => unknown) | null;
  /** Says on standard error what goes wrong inside. */
  debug?: boolean | null;
  /** Sees each event last, may change it, and drops it with `null`. A promise is waited for; until it settles the
   * event is in memory only, and after `shutdownTimeout` it is dropped. One that throws drops the event. */
  beforeSend?: ((event: ErrorEvent, hint: EventHint) => Event | null | PromiseLike<Event | null>) | null;
  /** Sees each transaction last, may change it, and drops it with `null`. A promise is waited for as that of `beforeSend` is. */
  beforeSendTransaction?: ((event: TransactionEvent, hint: EventHint) => Event | null | PromiseLike<Event | null>) | null;
  /** Sees each streamed span last and may change it. It cannot drop it: that is for `ignoreSpans`. */
  beforeSendSpan?: ((span: StreamedSpan) => StreamedSpan) | null;
  /** Sees each line of the structured log last, may change it, and drops it with `null`. */
  beforeSendLog?: ((log: Log) => Log | null) | null;
  /** Sees each measurement last, may change it, and drops it with `null`. */
  beforeSendMetric?: ((metric: Metric) => Metric | null) | null;
  /** Sees each check-in last, as it travels, may change it, and drops it with `null`. */
  beforeSendCheckIn?: ((checkIn: Record<string, unknown>) => Record<string, unknown> | null) | null;
  /** Sees feedback last, may change it, and drops it with `null`. */
  beforeSendFeedback?: ((event: Event, hint: EventHint) => Event | null) | null;
  /** The share of errors like this one that is sent, from 0 to 1. Wins over `sampleRate`, and sees the event after all
   * other hooks. One that throws is as if it were not set. */
  errorSampler?: ((event: Event, hint: EventHint) => number | boolean) | null;
  /** Sees each breadcrumb first, may change it, and drops it with `null`. */
  beforeBreadcrumb?: ((breadcrumb: Breadcrumb, hint: BreadcrumbHint) => Breadcrumb | null) | null;
  /** The rate of each trace that starts here, from 0 to 1. Beats a decision that came with the trace, and
   * `tracesSampleRate`. One that throws is as if it were not set. */
  tracesSampler?: ((context: SamplingContext) => number | boolean) | null;
}

/** Options of the official SDK that change nothing here; each that is given is warned of once. */
export type IdleOptions = { [Name in keyof typeof IDLE]?: unknown } & {
  /** `enableLogs`, `beforeSendLog`, `enableMetrics` and `beforeSendMetric` are taken from here, too. */
  _experiments?: object | null;
};

/** The options that are functions. @internal */
export type Functions = {
  [Name in keyof typeof HOOKS]?: NonNullable<Options[Name]>;
};

/** Options with the functions apart. @internal */
export interface ReadOptions {
  json: string;
  /** What a value is that no option takes; `{}` stands for it. */
  odd: string;
  functions: Functions;
  /** There are rules for spans that are never started. */
  ignoresSpans: boolean;
  /** Spans travel one by one. */
  streams: boolean;
}

/** @internal */
export function readOptions(given: Options | string | undefined): ReadOptions {
  const untranslated = typeof given === "string" ? { dsn: given } : (given ?? {});
  if (typeof untranslated !== "object" || Array.isArray(untranslated)) {
    throw new TypeError("init takes an object of options, like { dsn: \"https://public_key@errors.example.com/42\" }");
  }
  const options = translated(untranslated);
  const plain: Record<string, unknown> = {};
  const functions: Record<string, unknown> = {};
  let odd = "{}";
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || value === null || OURS.has(name)) continue;
    if (Object.hasOwn(HOOKS, name)) {
      functions[name] = hook(name as keyof typeof HOOKS, value);
    } else if (isPlain(value)) {
      plain[name] = value;
    } else if (typeof value === "number") {
      plain[name] = String(value);
    } else {
      plain[name] = {};
      odd = `a value of type ${typeof value}`;
    }
  }
  for (const [name, example] of Object.entries(LISTS)) {
    const rules: unknown = options[name as keyof typeof LISTS] ?? [];
    if (!Array.isArray(rules) || !rules.every((rule) => typeof rule === "string" || rule instanceof RegExp)) {
      throw new TypeError(`invalid option \`${name}\`: it is no list of texts and patterns, like ${example}`);
    }
  }
  if (Array.isArray(plain.ignoreErrors)) plain.ignoreErrors = coreRules(plain.ignoreErrors);
  if (options.enabled === false) plain.dsn = "";
  return {
    json: JSON.stringify(plain, (_, value: unknown) => (value instanceof RegExp ? pattern(value) : value)),
    odd,
    functions,
    ignoresSpans: Array.isArray(plain.ignoreSpans) && plain.ignoreSpans.length > 0,
    streams: plain.traceLifecycle === "stream",
  };
}

/** Lists that are looked at on this side. */
const LISTS = {
  ignoreTransactions: '["GET /health", /^probe/]',
  allowUrls: '["/srv/shop/"]',
  denyUrls: '["/node_modules/"]',
};

/** Options that the core never sees. */
const OURS = new Set<string>([
  "allowUrls",
  "defaultIntegrations",
  "denyUrls",
  "enabled",
  "ignoreTransactions",
  "initialScope",
  "integrations",
] satisfies (keyof Options)[]);

/** An expression as the core writes it; what its syntax does not know is refused there, by name. */
function pattern({ source, flags }: RegExp): { regex: string } {
  const known = flags.replace(/[^ims]/g, "");
  return { regex: known ? `(?${known})${source}` : source };
}

function isPlainObject(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** JSON would lose anything else, and a lost option is one that was not given. */
function isPlain(value: unknown): boolean {
  const kind = typeof value;
  if (kind === "string" || kind === "boolean" || Array.isArray(value)) return true;
  return (kind === "number" && Number.isFinite(value)) || isPlainObject(value);
}

function hook(name: keyof typeof HOOKS, value: unknown): unknown {
  if (typeof value === "function") return value;
  throw new TypeError(`invalid option \`${name}\`: ${typeof value} is not a function, like ${HOOKS[name].example}`);
}

/** True for all but the mandatory terms, false for none, or only these keys, or all but these keys. */
export type Collect = boolean | { allow: readonly string[] } | { deny: readonly string[] };

/** What integrations may collect by themselves. Secrets are masked whatever stands here. */
export interface DataCollection {
  /** Who the user is; false by default. */
  userInfo?: boolean;
  cookies?: Collect;
  httpHeaders?: Collect | { request?: Collect; response?: Collect };
  queryParams?: Collect;
  /** The same by its other name. */
  urlQueryParams?: Collect;
  /** None by default. */
  httpBodies?: boolean | readonly ("incomingRequest" | "outgoingRequest" | "incomingResponse" | "outgoingResponse")[];
  stackFrameVariables?: boolean;
  /** How many lines of source before and after that of a frame; 5 by default. */
  frameContextLines?: number;
  generativeAiInputs?: boolean;
  generativeAiOutputs?: boolean;
  /** The same two by their other name. */
  genAI?: { inputs?: boolean; outputs?: boolean };
  /** No such data is collected. */
  graphQL?: object;
  mcp?: object;
  databaseQueryData?: boolean;
  queues?: boolean;
}
