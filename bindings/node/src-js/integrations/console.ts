import { format } from "node:util";

import { captureMessage, captureThrownBy } from "../capture";
import { isError } from "../error";
import type { Integration } from "../integration";
import { cut } from "../json";
import { logger, type LogSeverityLevel } from "../log";
import { addBreadcrumb } from "../setters";
import type { SeverityLevel } from "../types";
import { checked } from "./checked";
import { guardedAnswer, onlyOnce, usingWith } from "./using";

const CONSOLE = "Console";
const LOGS = "ConsoleLogs";
const CAPTURE = "CaptureConsole";

const LEVELS = { debug: "debug", log: "info", info: "info", warn: "warning", error: "error", trace: "debug", assert: "error" } as const;

/** A method of `console` that prints. */
export type ConsoleLevel = keyof typeof LEVELS;

interface Choice {
  /** Which methods; all of them by default. */
  levels?: readonly ConsoleLevel[];
}

/** Which lines are breadcrumbs. */
export interface ConsoleOptions extends Choice {
  /** Texts that occur in a line, or patterns: such lines are none. They are printed. */
  filter?: readonly (string | RegExp)[];
}

/** Which lines are events. */
export interface CaptureConsoleOptions extends Choice {
  /** What their mechanism says; true by default. */
  handled?: boolean;
}

let busy = false;

/** Lines of `console` as breadcrumbs; there by default. What they print stays as it is. */
export function consoleIntegration(options?: ConsoleOptions): Integration {
  const given = checked("consoleIntegration", options, { levels: "list", filter: "list" });
  return { name: CONSOLE, options: given, setupOnce: watchConsole };
}

/** Lines of `console` as lines of the structured log, where `enableLogs` is set. */
export function consoleLoggingIntegration(options?: Choice): Integration {
  return { name: LOGS, options: checked("consoleLoggingIntegration", options, { levels: "list" }), setupOnce: watchConsole };
}

/** Lines of `console` as events: an error in them, or else a message. */
export function captureConsoleIntegration(options?: CaptureConsoleOptions): Integration {
  const given = checked("captureConsoleIntegration", options, { levels: "list", handled: "boolean" });
  return { name: CAPTURE, options: given, setupOnce: watchConsole };
}

const watchConsole = onlyOnce(() => {
  for (const [name, level] of Object.entries(LEVELS) as [ConsoleLevel, SeverityLevel][]) {
    const print = console[name] as (...values: unknown[]) => void;
    if (typeof print !== "function") continue;
    const wrapped = function (this: unknown, ...values: unknown[]): void {
      if (busy) return Reflect.apply(print, this, values);
      note(name, level, values);
      // These two print through the others.
      busy = name === "assert" || name === "trace";
      try {
        Reflect.apply(print, this, values);
      } finally {
        busy = false;
      }
    };
    Object.defineProperty(wrapped, "name", { value: name });
    console[name] = wrapped;
  }
});

function note(name: ConsoleLevel, level: SeverityLevel, given: unknown[]): void {
  const crumbs = chosen<ConsoleOptions>(CONSOLE, name);
  const logs = chosen<Choice>(LOGS, name);
  const events = chosen<CaptureConsoleOptions>(CAPTURE, name);
  if (!crumbs && !logs && !events) return;
  // A value's own inspection, or a hook, may print.
  busy = true;
  try {
    const values = name === "assert" ? (given[0] ? undefined : given.slice(1)) : given;
    if (!values) return;
    const message = cut(values.length === 1 && typeof values[0] === "string" ? values[0] : format(...values));
    const failed = name === "assert" ? `Assertion failed${message === "" ? "" : `: ${message}`}` : message;
    if (crumbs && !crumbs.filter?.some((rule) => occurs(rule, message))) {
      addBreadcrumb({ category: "console", level, message, data: { logger: "console" } });
    }
    if (logs) logger[WORDS[name]](failed, { "sentry.origin": "auto.log.console" });
    if (events) captureLine(failed, level, values, events.handled ?? true);
  } catch {
    // A value that cannot be shown is the application's affair.
  } finally {
    busy = false;
  }
}

const WORDS: Record<ConsoleLevel, LogSeverityLevel> = {
  debug: "debug",
  log: "info",
  info: "info",
  warn: "warn",
  error: "error",
  trace: "trace",
  assert: "error",
};

function chosen<O extends Choice>(integration: string, name: ConsoleLevel): O | undefined {
  const options = usingWith<O>(integration);
  return !options?.levels || options.levels.includes(name) ? options : undefined;
}

function occurs(rule: string | RegExp, message: string): boolean {
  return typeof rule === "string" ? message.includes(rule) : guardedAnswer(() => message.search(rule) >= 0);
}

/** Captures a line of `console`: the first error in it, or else its text. */
function captureLine(message: string, level: SeverityLevel, values: unknown[], handled: boolean): void {
  const context = { level, extra: { arguments: values } };
  const error = values.find(isError);
  if (error === undefined) captureMessage(message, context);
  else captureThrownBy(error, context, { mechanism: "auto.core.capture_console", handled });
}
