import { format } from "node:util";

import type { Integration } from "../integration";
import { cut } from "../json";
import { addBreadcrumb } from "../setters";
import type { SeverityLevel } from "../types";
import { using } from "./using";

const CONSOLE = "console";

const LEVELS = { debug: "debug", log: "info", info: "info", warn: "warning", error: "error", trace: "debug", assert: "error" } as const;

let busy = false;

/** Lines of `console` as breadcrumbs; there by default. What they print stays as it is. */
export function consoleIntegration(): Integration {
  return { name: CONSOLE, setupOnce: watchConsole };
}

function watchConsole(): void {
  for (const [name, level] of Object.entries(LEVELS) as [keyof typeof LEVELS, SeverityLevel][]) {
    const print = console[name] as (...values: unknown[]) => void;
    if (typeof print !== "function") continue;
    const wrapped = function (this: unknown, ...values: unknown[]): void {
      if (busy || !using(CONSOLE)) return Reflect.apply(print, this, values);
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
}

function note(name: string, level: SeverityLevel, given: unknown[]): void {
  // A value's own inspection, or a hook, may print.
  busy = true;
  try {
    const values = name === "assert" ? (given[0] ? undefined : given.slice(1)) : given;
    if (!values) return;
    const message = values.length === 1 && typeof values[0] === "string" ? values[0] : format(...values);
    addBreadcrumb({ category: "console", level, message: cut(message), data: { logger: "console" } });
  } catch {
    // A value that cannot be shown is the application's affair.
  } finally {
    busy = false;
  }
}
