import { isError, type ChainOptions } from "../error";
import type { Integration } from "../integration";
import { toText } from "../json";
import type { Event, EventHint } from "../types";
import { checked } from "./checked";

/** @internal */
export const LINKED = "LinkedErrors";

/** Which errors belong to one. */
export function linkedErrorsIntegration(options?: ChainOptions): Integration {
  const given = checked("linkedErrorsIntegration", options, { key: "string", limit: "number" });
  return { name: LINKED, options: given, absence: { options: { limit: 0 } } };
}

/** What of an error's own properties is told. */
export interface ExtraErrorDataOptions {
  /** Objects inside of one another; 3 by default. */
  depth?: number;
  /** False leaves `cause` out. */
  captureErrorCause?: boolean;
}

const KNOWN = new Set(["name", "message", "stack", "line", "column", "fileName", "lineNumber", "columnNumber", "toJSON"]);

/** The properties that an error has beside those of all errors, as a context with its name. Not there by default. */
export function extraErrorDataIntegration(options?: ExtraErrorDataOptions): Integration {
  const known = { depth: "number", captureErrorCause: "boolean" } as const;
  const { depth = 3, captureErrorCause = true } = checked("extraErrorDataIntegration", options, known);
  const processEvent = (event: Event, { originalException: error }: EventHint): Event => {
    if (!isError(error)) return event;
    const data: Record<string, unknown> = {};
    for (const key of Object.keys(error)) {
      if (!KNOWN.has(key) && key !== "cause") data[key] = shallow(property(error, key), depth);
    }
    if (captureErrorCause && error.cause !== undefined) data.cause = shallow(error.cause, depth);
    if (Object.keys(data).length === 0) return event;
    const name = typeof error.name === "string" && error.name !== "" ? error.name : "Error";
    return { ...event, contexts: { ...event.contexts, [name]: { ...data, ...event.contexts?.[name] } } };
  };
  return { name: "ExtraErrorData", processEvent };
}

function property(value: object, key: string): unknown {
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return "<unreadable>";
  }
}

/** A copy of so many levels. What an error holds may hang together with everything, like the socket of a request. */
function shallow(value: unknown, depth: number): unknown {
  if (isError(value)) return toText(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return `[${value.constructor.name}: ${value.byteLength} bytes]`;
  if (depth <= 0) return Array.isArray(value) ? "[array]" : "[object]";
  if (Array.isArray(value)) return value.slice(0, WIDEST).map((one) => shallow(one, depth - 1));
  const keys = Object.keys(value).slice(0, WIDEST);
  return Object.fromEntries(keys.map((key) => [key, shallow(property(value, key), depth - 1)]));
}

const WIDEST = 1000;

/** What a system call says of its failure, as the context `node_system_error`. Not there by default. */
export function systemErrorIntegration(options?: { includePaths?: boolean }): Integration {
  const { includePaths = false } = checked("systemErrorIntegration", options, { includePaths: "boolean" });
  const names = ["code", "errno", "syscall", "address", "port", ...(includePaths ? ["path", "dest"] : [])];
  const processEvent = (event: Event, { originalException: error }: EventHint): Event => {
    if (!isError(error) || typeof error.errno !== "number" || property(error, "syscall") === undefined) return event;
    const known = names.map((name) => [name, property(error, name)] as const).filter(([, value]) => value !== undefined);
    return { ...event, contexts: { ...event.contexts, node_system_error: Object.fromEntries(known) } };
  };
  return { name: "NodeSystemError", processEvent };
}

/** How much of a failed validation is told. */
export interface ZodErrorsOptions {
  /** So many issues; 10 by default. */
  limit?: number;
  /** All of them go along as the file `zod_issues.json`; false by default. */
  saveZodIssuesAsAttachment?: boolean;
}

interface Issue {
  path?: unknown;
  [key: string]: unknown;
}

/** Errors of zod by the keys that are wrong, with their issues as `extra`. Not there by default. */
export function zodErrorsIntegration(options?: ZodErrorsOptions): Integration {
  const known = { limit: "number", saveZodIssuesAsAttachment: "boolean" } as const;
  const { limit = 10, saveZodIssuesAsAttachment = false } = checked("zodErrorsIntegration", options, known);
  const processEvent = (event: Event, hint: EventHint): Event => {
    const found = issuesOf(hint.originalException);
    const [first, ...rest] = event.exception?.values ?? [];
    if (!first || found.length === 0) return event;
    const issues = found.map((issue) => ({ ...issue, path: pathOf(issue, String) }));
    const keys = new Set(found.map((issue) => pathOf(issue, (part) => (typeof part === "number" ? "<array>" : String(part)))));
    const wrong = [...keys].filter((key) => key !== "").join(", ");
    if (saveZodIssuesAsAttachment) {
      hint.attachments = [...(hint.attachments ?? []), { filename: "zod_issues.json", data: JSON.stringify({ issues }) }];
    }
    const value = wrong === "" ? "Failed to validate the whole value" : `Failed to validate keys: ${wrong.slice(0, 100)}`;
    return {
      ...event,
      exception: { ...event.exception, values: [{ ...first, value }, ...rest] },
      extra: { ...event.extra, "zoderror.issues": issues.slice(0, limit) },
    };
  };
  return { name: "ZodErrors", processEvent };
}

function issuesOf(error: unknown): Issue[] {
  if (!isError(error) || error.name !== "ZodError") return [];
  const issues = property(error, "issues");
  return Array.isArray(issues) ? (issues as Issue[]) : [];
}

function pathOf({ path }: Issue, part: (part: unknown) => string): string {
  return Array.isArray(path) ? path.map(part).join(".") : "";
}
