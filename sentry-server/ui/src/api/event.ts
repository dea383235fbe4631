import type { ApiEvent } from "./types";

// An event as the page shows it. The API answers in camel case with `context` pairs, the SDKs' own
// payload has `pre_context` and snake case; both are read, so an older or foreign server still shows.

export interface Frame {
  function?: string;
  module?: string;
  filename?: string;
  absPath?: string;
  package?: string;
  line?: number;
  column?: number;
  inApp: boolean;
  /** Source lines with their numbers, in order. */
  context: [number, string][];
  vars?: Record<string, unknown>;
  address?: string;
}

export interface Mechanism {
  type?: string;
  handled?: boolean;
  source?: string;
  exceptionId?: number;
  parentId?: number;
  isGroup?: boolean;
}

export interface Exception {
  type: string;
  value: string;
  module?: string;
  mechanism?: Mechanism;
  /** Innermost call last, as sent. */
  frames: Frame[];
}

export interface Thread {
  id: string;
  name?: string;
  crashed: boolean;
  current: boolean;
  frames: Frame[];
}

export interface Breadcrumb {
  /** Milliseconds since the epoch. */
  at?: number;
  type: string;
  category?: string;
  level: string;
  message?: string;
  data?: Record<string, unknown>;
}

export interface RequestInfo {
  method?: string;
  url?: string;
  query: [string, unknown][];
  headers: [string, unknown][];
  cookies: [string, unknown][];
  env: [string, unknown][];
  data?: unknown;
}

export interface EventView {
  /** In the order sent: the root cause first, the exception that was reported last. */
  exceptions: Exception[];
  threads: Thread[];
  message?: string;
  breadcrumbs: Breadcrumb[];
  request?: RequestInfo;
  user?: Record<string, unknown>;
  contexts: [string, Record<string, unknown>][];
  extra: Record<string, unknown>;
  release?: string;
}

type Raw = Record<string, unknown>;

export function viewEvent(event: ApiEvent): EventView {
  const entries = new Map((event.entries ?? []).map((entry) => [entry.type, entry.data]));
  const message = record(entries.get("message"));
  const bare = record(entries.get("stacktrace"));
  const threads = list(entries.get("threads")).map(readThread);
  if (bare) threads.push({ id: "", crashed: false, current: true, frames: readFrames(bare) });
  return {
    exceptions: list(entries.get("exception")).map(readException),
    threads: threads.filter((thread) => thread.frames.length > 0),
    message: text(message?.formatted) ?? text(message?.message) ?? text(event.message),
    breadcrumbs: list(entries.get("breadcrumbs")).map(readBreadcrumb),
    request: readRequest(record(entries.get("request"))),
    user: filled(event.user),
    contexts: Object.entries(event.contexts ?? {}).flatMap(([name, value]) => {
      const context = filled(record(value));
      return context ? [[name, context] as [string, Raw]] : [];
    }),
    extra: record(event.context) ?? record(event.extra) ?? {},
    release: typeof event.release === "string" ? event.release : text(event.release?.version),
  };
}

function readException(raw: Raw): Exception {
  const mechanism = record(raw.mechanism);
  return {
    type: text(raw.type) ?? "Error",
    value: text(raw.value) ?? (raw.value == null ? "" : JSON.stringify(raw.value)),
    module: text(raw.module),
    mechanism: mechanism && {
      type: text(mechanism.type),
      handled: typeof mechanism.handled === "boolean" ? mechanism.handled : undefined,
      source: text(mechanism.source),
      exceptionId: number(mechanism.exception_id ?? mechanism.exceptionId),
      parentId: number(mechanism.parent_id ?? mechanism.parentId),
      isGroup: (mechanism.is_exception_group ?? mechanism.isExceptionGroup) === true,
    },
    frames: readFrames(record(raw.stacktrace) ?? record(raw.rawStacktrace)),
  };
}

function readThread(raw: Raw): Thread {
  return {
    id: text(raw.id) ?? String(raw.id ?? ""),
    name: text(raw.name),
    crashed: raw.crashed === true,
    current: raw.current === true,
    frames: readFrames(record(raw.stacktrace)),
  };
}

function readFrames(stacktrace: Raw | undefined): Frame[] {
  return list(stacktrace?.frames).map(readFrame);
}

function readFrame(raw: Raw): Frame {
  const line = number(raw.lineNo ?? raw.lineno);
  return {
    function: text(raw.function),
    module: text(raw.module),
    filename: text(raw.filename),
    absPath: text(raw.absPath ?? raw.abs_path),
    package: text(raw.package),
    line,
    column: number(raw.colNo ?? raw.colno),
    inApp: (raw.inApp ?? raw.in_app) === true,
    context: readContext(raw, line),
    vars: filled(record(raw.vars)),
    address: text(raw.instructionAddr ?? raw.instruction_addr),
  };
}

function readContext(raw: Raw, line: number | undefined): [number, string][] {
  if (Array.isArray(raw.context)) {
    return raw.context.flatMap((pair) => (Array.isArray(pair) ? [[Number(pair[0]), String(pair[1] ?? "")] as [number, string]] : []));
  }
  const current = text(raw.context_line);
  if (current === undefined || line === undefined) return [];
  const before = strings(raw.pre_context);
  const lines = [...before, current, ...strings(raw.post_context)];
  return lines.map((source, index) => [line - before.length + index, source]);
}

function readBreadcrumb(raw: Raw): Breadcrumb {
  const stamp = raw.timestamp;
  const at = typeof stamp === "number" ? stamp * 1000 : Date.parse(text(stamp) ?? "");
  return {
    at: Number.isNaN(at) ? undefined : at,
    type: text(raw.type) ?? "default",
    category: text(raw.category),
    level: text(raw.level) ?? "info",
    message: text(raw.message),
    data: filled(record(raw.data)),
  };
}

function readRequest(raw: Raw | undefined): RequestInfo | undefined {
  if (!raw) return undefined;
  return {
    method: text(raw.method),
    url: text(raw.url),
    query: pairs(raw.query ?? raw.query_string),
    headers: pairs(raw.headers),
    cookies: pairs(raw.cookies),
    env: pairs(raw.env),
    data: raw.data ?? undefined,
  };
}

/** A map, a list of pairs or a query string, as pairs. */
function pairs(value: unknown): [string, unknown][] {
  if (typeof value === "string") return [...new URLSearchParams(value)];
  if (Array.isArray(value)) return value.flatMap((pair) => (Array.isArray(pair) ? [[String(pair[0]), pair[1]] as [string, unknown]] : []));
  return Object.entries(record(value) ?? {});
}

function record(value: unknown): Raw | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Raw) : undefined;
}

function filled(value: Raw | null | undefined): Raw | undefined {
  const kept = Object.entries(value ?? {}).filter(([, one]) => one !== null && one !== undefined && one !== "");
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}

/** `{values: [...]}`, `[...]` or one object: all three are legal on the wire. */
function list(value: unknown): Raw[] {
  const inner = Array.isArray(value) ? value : (record(value)?.values ?? (record(value) ? [value] : []));
  return (Array.isArray(inner) ? inner : []).map(record).filter((one) => one !== undefined);
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.map((one) => String(one ?? "")) : [];
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
