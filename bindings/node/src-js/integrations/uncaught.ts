import { isMainThread, threadId } from "node:worker_threads";

import { captureObserved } from "../capture";
import type { Integration } from "../integration";
import { native } from "../native";

/**
 * Errors that nobody catches. They are looked at, never handled: how the process ends, and what it says, stays Node's
 * and the application's affair.
 *
 * `uncaughtExceptionMonitor` sees uncaught exceptions and, by default, unhandled rejections. An application with its
 * own `unhandledRejection` listener keeps rejections from getting there; a listener of ours alone would change the
 * exit code, so ours is there only while one of the application's is.
 */
export function uncaughtIntegration(): Integration {
  return { name: "uncaught", setup: watchUncaught };
}

function watchUncaught(): void {
  if (watching) return;
  watching = true;
  if (!isMainThread) native.noteThread(threadId);
  process.on("uncaughtExceptionMonitor", onUncaught);
  process.on("newListener", onNewListener);
  process.on("removeListener", onRemoveListener);
  if (process.listenerCount(REJECTION) > 0) process.on(REJECTION, onRejection);
}

const REJECTION = "unhandledRejection";
let watching = false;

function onUncaught(error: unknown, origin: NodeJS.UncaughtExceptionOrigin): void {
  const rejection = origin === "unhandledRejection";
  const mechanism = rejection ? "auto.node.onunhandledrejection" : "auto.node.onuncaughtexception";
  captureObserved(error, undefined, { mechanism, handled: false, level: "fatal" });
}

function onRejection(error: unknown): void {
  captureObserved(error, undefined, { mechanism: "auto.node.onunhandledrejection", handled: false, level: "error" });
}

function onNewListener(event: string | symbol, listener: unknown): void {
  if (event !== REJECTION || listener === onRejection || process.listeners(REJECTION).includes(onRejection)) return;
  process.on(REJECTION, onRejection);
}

function onRemoveListener(event: string | symbol, listener: unknown): void {
  if (event !== REJECTION || listener === onRejection) return;
  const left = process.listeners(REJECTION);
  if (left.length > 0 && left.every((each) => each === onRejection)) process.off(REJECTION, onRejection);
}
