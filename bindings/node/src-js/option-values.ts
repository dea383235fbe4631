import { warnOnce } from "./integrations/checked";
import { filter, type FilterOptions } from "./integrations/filters";
import type { Options } from "./options";
import type { EventProcessor } from "./types";

// What `init` takes for the sake of programs that were written for the official SDK.

const MADE = "nothing of that kind is set up";
const PROFILES = "there is no profiler";
const LIMITS = "values are cut at fixed limits, and `_meta` says where";

/** Options that a program may have and that change nothing here, and why. Each that is given is warned of once. */
export const IDLE = {
  clientReportFlushInterval: "reports leave with what is sent, or soon",
  enableOpenTelemetrySetup: MADE,
  enableRuntimeChannelInjection: MADE,
  enhanceFetchErrorMessages: "errors are left as they are",
  includeChildProcessArgs: "it is an option of `childProcessIntegration`",
  instrumenter: MADE,
  maxValueLength: LIMITS,
  normalizeDepth: LIMITS,
  normalizeMaxBreadth: LIMITS,
  onFatalError: "it is an option of `onUncaughtExceptionIntegration`",
  openTelemetryInstrumentations: MADE,
  openTelemetrySpanProcessors: "give `WatchpostSpanProcessor` to your provider",
  parentSpanIsAlwaysRootSpan: "a span belongs to the one that is active",
  platform: "it is `node`",
  profileLifecycle: PROFILES,
  profileSessionSampleRate: PROFILES,
  profilesSampleRate: PROFILES,
  profilesSampler: PROFILES,
  registerEsmLoaderHooks: MADE,
  runtime: "it is what runs",
  skipOpenTelemetrySetup: MADE,
  stackParser: "stacks are V8's",
  transport: "the core sends; see `httpProxy`, `caCerts`, `tunnel` and `watchpost/testing`",
  transportOptions: "see `httpProxy`, `caCerts`, `keepAlive` and `compression`",
  _flushInterval: "signals leave with what is sent, or soon",
  _managedTunnel: "there is none",
  _metadata: "it is of the official SDK",
} as const;

/** Options under other names or in other forms, and without what changes nothing. Throws nothing. @internal */
export function translated(given: Options): Options {
  const options: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null) continue;
    if (Object.hasOwn(IDLE, name)) warnOnce(`the option \`${name}\` has no effect: ${IDLE[name as keyof typeof IDLE]}`);
    else if (!Object.hasOwn(OLDER, name)) options[name] = value;
  }
  for (const name of ["release", "dist", "environment"]) {
    if (typeof options[name] === "number" || typeof options[name] === "bigint") options[name] = String(options[name]);
  }
  if (given.enableTracing === true && options.tracesSampler === undefined) options.tracesSampleRate ??= 1;
  if (given.includeServerName === false) options.serverName ??= "";
  const experiments: unknown = given._experiments;
  if (typeof experiments === "object" && experiments !== null) Object.assign(options, { ...graduated(experiments), ...options });
  const { dataCollection: collection } = given;
  if (typeof collection === "object" && collection !== null) options.dataCollection = collected(collection as Record<string, unknown>);
  return options as Options;
}

/** Options that are read here alone. @internal */
const OLDER = { enableTracing: true, includeServerName: true, _experiments: true };

/** What was an experiment once and is an option now. */
const GRADUATED = ["enableLogs", "beforeSendLog", "enableMetrics", "beforeSendMetric"];

function graduated(experiments: object): object {
  const known = Object.entries(experiments).filter(([name, value]) => GRADUATED.includes(name) && value !== undefined);
  for (const name of Object.keys(experiments)) {
    if (!GRADUATED.includes(name)) warnOnce(`the option \`_experiments.${name}\` has no effect`);
  }
  return Object.fromEntries(known);
}

/** The names that the official SDK has for kinds of data. */
function collected({ urlQueryParams, genAI, graphQL, mcp, databaseQueryData, queues, ...kinds }: Record<string, unknown>): object {
  for (const [name, value] of Object.entries({ graphQL, mcp, databaseQueryData, queues })) {
    if (value !== undefined) warnOnce(`the option \`dataCollection.${name}\` has no effect: no such data is collected`);
  }
  const { inputs, outputs } = (genAI ?? {}) as { inputs?: unknown; outputs?: unknown };
  return {
    ...(urlQueryParams === undefined ? {} : { queryParams: urlQueryParams }),
    ...(inputs === undefined ? {} : { generativeAiInputs: inputs }),
    ...(outputs === undefined ? {} : { generativeAiOutputs: outputs }),
    ...kinds,
  };
}

/**
 * What the syntax of the core's patterns has in common with that of V8's, character by character. Anything else (what looks ahead
 * or behind, references, properties of characters) is left to V8.
 */
const COMMON =
  /^(?:[^\\[\](){}]|\\[dDsSwWbBnrtfv]|\\[^A-Za-z0-9<>]|\((?:\?:|(?!\?))|\)|\{\d+(?:,\d*)?\}|\[(?!\^?\])\^?(?:(?!--)[^\\[\]&~]|\\[dDsSwWnrtfv]|\\[^A-Za-z0-9<>])+\])*$/;

function isCommon({ source, flags }: RegExp): boolean {
  return !/[vy]/.test(flags) && COMMON.test(source);
}

/** Rules of `ignoreErrors` for the core. Classes are known by their names there; nothing stands for what V8 has to look at. @internal */
export function coreRules(rules: readonly unknown[]): unknown[] {
  return rules
    .filter((rule) => !(rule instanceof RegExp) || isCommon(rule))
    .map((rule) => (typeof rule === "function" ? { regex: `^${rule.name.replaceAll("$", "\\$")}(?::|$)` } : rule));
}

/** A processor for the rules that the core does not know, if there are any. @internal */
export function ownFilter({ ignoreErrors, ignoreTransactions, allowUrls, denyUrls }: Options): EventProcessor | undefined {
  const left = ignoreErrors?.filter((rule): rule is RegExp => rule instanceof RegExp && !isCommon(rule)) ?? [];
  const rules: FilterOptions = { ignoreErrors: left, ignoreTransactions, allowUrls, denyUrls };
  return Object.values(rules).some((list: readonly unknown[] | null | undefined) => (list?.length ?? 0) > 0) ? filter(rules) : undefined;
}
