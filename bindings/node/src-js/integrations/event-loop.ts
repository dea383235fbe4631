import { join } from "node:path";
import { Worker } from "node:worker_threads";

import { captureObserved } from "../capture";
import type { Integration } from "../integration";
import { using } from "./using";

const NAME = "eventLoopBlock";
/** Under this name the watching thread finds what reports a block, while the main thread stands still. */
const REPORT = Symbol.for("watchpost.event-loop-block");

/** What is a block. */
export interface EventLoopBlockOptions {
  /** Milliseconds without a turn of the event loop; 1000 by default, 50 at least. */
  threshold?: number;
}

/** What the watching thread is told. @internal */
export interface Watch {
  beats: SharedArrayBuffer;
  threshold: number;
  report: string;
}

/**
 * Reports when the main thread does not get to its event loop for too long, with the stack that holds it up, while it does:
 * a thread of its own watches, and stops the main thread for a moment to look. Not there by default.
 *
 * @example
 * Sentry.init({ integrations: [Sentry.eventLoopBlockIntegration({ threshold: 500 })] });
 */
export function eventLoopBlockIntegration({ threshold = 1000 }: EventLoopBlockOptions = {}): Integration {
  const limit = Math.max(50, Number(threshold) || 1000);
  return { name: NAME, setupOnce: () => watch(limit) };
}

function watch(threshold: number): void {
  Object.defineProperty(globalThis, REPORT, { value: (stack: string) => report(stack, threshold), configurable: true });
  const beats = new SharedArrayBuffer(4);
  const beat = new Int32Array(beats);
  setInterval(() => Atomics.add(beat, 0, 1), threshold / 4).unref();
  const workerData: Watch = { beats, threshold, report: REPORT.description as string };
  const worker = new Worker(join(__dirname, "event-loop-watch.js"), {
    workerData,
    // It needs nothing that the application gave to Node.
    execArgv: [],
    env: {},
    stdin: false,
    trackUnmanagedFds: false,
  });
  worker.unref();
}

/** Called by the watching thread, in the scopes of what is running. */
function report(stack: string, threshold: number): void {
  if (!using(NAME)) return;
  const error = new Error(`the event loop was blocked for at least ${threshold} ms`);
  error.name = "EventLoopBlocked";
  error.stack = `${String(error)}\n${stack}`;
  captureObserved(error, undefined, { mechanism: "auto.node.event_loop_block", handled: false });
}
