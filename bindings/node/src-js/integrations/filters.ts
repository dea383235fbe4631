import type { Integration } from "../integration";
import type { Event, StackFrame } from "../types";
import { checked } from "./checked";

type Rules = readonly (string | RegExp)[];

/** What is dropped. Texts need only occur. */
export interface FilterOptions {
  /** Errors by `class: message`, and messages. */
  ignoreErrors?: Rules | null;
  /** Transactions by their names. */
  ignoreTransactions?: Rules | null;
  /** Errors whose innermost file is another than these. */
  allowUrls?: Rules | null;
  /** Errors whose innermost file is one of these. */
  denyUrls?: Rules | null;
}

const KNOWN = { ignoreErrors: "list", ignoreTransactions: "list", allowUrls: "list", denyUrls: "list", disableErrorDefaults: "any" } as const;

/** Drops events, as the options of `init` with the same names do. */
export function eventFiltersIntegration(options?: FilterOptions & { disableErrorDefaults?: boolean }): Integration {
  return { name: "EventFilters", processEvent: filter(checked("eventFiltersIntegration", options, KNOWN)) };
}

/** The same by its older name. */
export function inboundFiltersIntegration(options?: FilterOptions & { disableErrorDefaults?: boolean }): Integration {
  return { name: "InboundFilters", processEvent: filter(checked("inboundFiltersIntegration", options, KNOWN)) };
}

/** A processor that drops what the rules name. @internal */
export function filter({ ignoreErrors, ignoreTransactions, allowUrls, denyUrls }: FilterOptions): (event: Event) => Event | null {
  return (event) => {
    if (event.type === "transaction") return anyOccurs(ignoreTransactions, event.transaction ?? "") ? null : event;
    if (event.type !== undefined) return event;
    if (textsOf(event).some((text) => anyOccurs(ignoreErrors, text))) return null;
    const file = innermostFile(event);
    if (file === undefined) return event;
    if (anyOccurs(denyUrls, file)) return null;
    return !allowUrls || allowUrls.length === 0 || anyOccurs(allowUrls, file) ? event : null;
  };
}

function anyOccurs(rules: Rules | null | undefined, text: string): boolean {
  return rules?.some((rule) => (typeof rule === "string" ? text.includes(rule) : text.search(rule) >= 0)) ?? false;
}

function textsOf({ message, logentry, exception }: Event): string[] {
  const errors = (exception?.values ?? []).flatMap(({ type = "", value = "" }) => [`${type}: ${value}`, value]);
  return [message, logentry?.formatted ?? logentry?.message, ...errors].filter((text) => typeof text === "string");
}

/** Frames of the error that was caught, the outermost first. */
function framesOf({ exception }: Event): StackFrame[] {
  return exception?.values?.at(-1)?.stacktrace?.frames ?? [];
}

function innermostFile(event: Event): string | undefined {
  const named = framesOf(event).map(({ abs_path: path, filename }) => path ?? filename);
  return named.filter((name) => name !== undefined && name !== "<anonymous>").at(-1);
}

/** Drops an error that is the same as the one before it. Not there by default. */
export function dedupeIntegration(): Integration {
  let before: string | undefined;
  const processEvent = (event: Event): Event | null => {
    if (event.type !== undefined) return event;
    const frames = (event.exception?.values ?? []).map(({ type, value, stacktrace }) => [
      type,
      value,
      stacktrace?.frames?.map(({ filename, function: name, lineno, colno }) => [filename, name, lineno, colno]),
    ]);
    const { message, logentry, fingerprint } = event;
    const key = JSON.stringify([message, logentry?.message, logentry?.formatted, frames, fingerprint]);
    if (key === before) return null;
    before = key;
    return event;
  };
  return { name: "Dedupe", processEvent };
}
