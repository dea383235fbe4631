import { inspect } from "node:util";

import { captureObserved } from "../capture";
import type { Integration } from "../integration";
import { native } from "../native";
import { workerNumber } from "../thread";
import { checked } from "./checked";
import { guardedAnswer, onlyOnce, usingWith } from "./using";

const EXCEPTIONS = "OnUncaughtException";
const REJECTIONS = "OnUnhandledRejection";

/** What an uncaught exception leads to, beside its event. */
export interface UncaughtExceptionOptions {
  /** True: the process ends also where the application listens to `uncaughtException`. */
  exitEvenIfOtherHandlersAreRegistered?: boolean;
  /** Called in the place of the end of the process. A second error while it works ends the process. */
  onFatalError?: (error: Error) => void;
}

/** What an unhandled rejection leads to, beside its event. */
export interface UnhandledRejectionOptions {
  /** Unset leaves it to Node and to the application; `none` goes on in silence, `warn` prints it and goes on, `strict` prints it
   * and ends the process. */
  mode?: "none" | "warn" | "strict";
  /** Those that match in all that is said are left alone. */
  ignore?: readonly { name?: string | RegExp; message?: string | RegExp }[];
}

/**
 * Exceptions that nobody catches; there by default. They are looked at, never handled: how the process ends, and what it says,
 * stays Node's and the application's affair, unless an option asks for something else.
 */
export function onUncaughtExceptionIntegration(options?: UncaughtExceptionOptions): Integration {
  const known = { exitEvenIfOtherHandlersAreRegistered: "boolean", onFatalError: "function" } as const;
  const given = checked("onUncaughtExceptionIntegration", options, known);
  return {
    name: EXCEPTIONS,
    options: given,
    setup() {
      watchUncaught();
      if (given.exitEvenIfOtherHandlersAreRegistered || given.onFatalError) answerUncaught();
    },
  };
}

/**
 * Rejections that nobody handles; there by default. `uncaughtExceptionMonitor` sees them, too. An application with its own
 * `unhandledRejection` listener keeps them from getting there; a listener of ours alone would change the exit code, so ours is
 * there only while one of the application's is, or where `mode` asks for it.
 */
export function onUnhandledRejectionIntegration(options?: UnhandledRejectionOptions): Integration {
  const given = checked("onUnhandledRejectionIntegration", options, { mode: ["none", "warn", "strict"], ignore: "list" });
  return {
    name: REJECTIONS,
    options: given,
    setup() {
      watchUncaught();
      watchRejections();
      if (given.mode && !isListening()) process.on(REJECTION, onRejection);
    },
  };
}

const REJECTION = "unhandledRejection";
const MECHANISMS = { uncaughtException: "auto.node.onuncaughtexception", unhandledRejection: "auto.node.onunhandledrejection" };

const watchUncaught = onlyOnce(() => {
  const worker = workerNumber();
  if (worker !== undefined) native.noteThread(worker);
  process.on("uncaughtExceptionMonitor", onUncaught);
});

const watchRejections = onlyOnce(() => {
  process.on("newListener", onNewListener);
  process.on("removeListener", onRemoveListener);
  if (process.listenerCount(REJECTION) > 0) process.on(REJECTION, onRejection);
});

const answerUncaught = onlyOnce(() => {
  process.on("uncaughtException", onFatal);
});

function onUncaught(error: unknown, origin: NodeJS.UncaughtExceptionOrigin): void {
  const options = origin === REJECTION ? usingWith<UnhandledRejectionOptions>(REJECTIONS) : usingWith(EXCEPTIONS);
  if (!options || (origin === REJECTION && isIgnored(error, options))) return;
  captureObserved(error, undefined, { mechanism: MECHANISMS[origin], handled: false, level: "fatal" });
}

let isEnding = false;

/** Runs after the monitor, so that the error is captured. */
function onFatal(error: Error): void {
  // A client that is closed still has to end the process: without this listener Node would have.
  const { exitEvenIfOtherHandlersAreRegistered, onFatalError } = usingWith<UncaughtExceptionOptions>(EXCEPTIONS) ?? {};
  // Node's own listener for domains handles nothing.
  const others = process.listeners("uncaughtException").filter((one) => one !== onFatal && one.name !== "domainUncaughtExceptionClear");
  if (others.length > 0 && !exitEvenIfOtherHandlersAreRegistered) return;
  if (!onFatalError || isEnding) return end(error);
  isEnding = true;
  onFatalError(error);
}

function onRejection(error: unknown): void {
  const options = usingWith<UnhandledRejectionOptions>(REJECTIONS);
  if (!options || isIgnored(error, options)) return;
  const { mode } = options;
  captureObserved(error, undefined, { mechanism: MECHANISMS[REJECTION], handled: false, level: mode === "strict" ? "fatal" : "error" });
  if (mode === "strict") end(error);
  if (mode === "warn") process.stderr.write(`A promise was rejected and nobody handled it:\n${inspect(error)}\n`);
}

function end(error: unknown): void {
  process.stderr.write(`${inspect(error)}\n`);
  process.exit(1);
}

function isIgnored(thrown: unknown, { ignore = [] }: UnhandledRejectionOptions): boolean {
  if (ignore.length === 0) return false;
  return guardedAnswer(() => {
    const { name, message = String(thrown) } = (thrown ?? {}) as { name?: unknown; message?: unknown };
    const fits = (rule: string | RegExp | undefined, value: unknown, whole: boolean): boolean =>
      rule === undefined ||
      (typeof value === "string" && (typeof rule !== "string" ? value.search(rule) >= 0 : whole ? value === rule : value.includes(rule)));
    return ignore.some((one) => fits(one.name, name, true) && fits(one.message, message, false));
  });
}

function isListening(): boolean {
  return process.listeners(REJECTION).includes(onRejection);
}

function onNewListener(event: string | symbol, listener: unknown): void {
  if (event !== REJECTION || listener === onRejection || isListening()) return;
  process.on(REJECTION, onRejection);
}

function onRemoveListener(event: string | symbol, listener: unknown): void {
  if (event !== REJECTION || listener === onRejection || usingWith<UnhandledRejectionOptions>(REJECTIONS)?.mode) return;
  const left = process.listeners(REJECTION);
  if (left.length > 0 && left.every((each) => each === onRejection)) process.off(REJECTION, onRejection);
}
