import { join } from "node:path";

import { captureObserved } from "../capture";
import type { Integration } from "../integration";
import type { Primitive } from "../types";
import { checked } from "./checked";
import { usingWith } from "./using";

const NAME = "EventLoopBlock";
/** Under this name the watching thread finds what reports a block, while the main thread stands still. */
const REPORT = Symbol.for("watchpost.event-loop-block");

/** What is a block. */
export interface EventLoopBlockOptions {
  /** Milliseconds without a turn of the event loop; 1000 by default, 50 at least. */
  threshold?: number;
  /** How many of them are reported in an hour; 1 by default. The others do not even stop the main thread. */
  maxEventsPerHour?: number;
  /** Tags of their events. */
  staticTags?: Record<string, Primitive>;
}

/** The same, by the names of older versions of the official SDK. */
export interface AnrOptions {
  /** Milliseconds without a turn of the event loop; 5000 by default. */
  anrThreshold?: number;
  /** How many are reported by a process; 1 by default. */
  maxAnrEvents?: number;
  staticTags?: Record<string, Primitive>;
  /** The stack is always there. */
  captureStackTrace?: boolean;
  pollInterval?: number;
}

/** What the watching thread is told. @internal */
export interface Watch {
  beats: SharedArrayBuffer;
  threshold: number;
  report: string;
  /** How many may be reported in so many milliseconds. */
  most: number;
  within: number;
}

/**
 * Reports when the main thread does not get to its event loop for too long, with the stack that holds it up, while it does:
 * a thread of its own watches, and stops the main thread for a moment to look. Not there by default.
 *
 * @example
 * Sentry.init({ integrations: [Sentry.eventLoopBlockIntegration({ threshold: 500 })] });
 */
export function eventLoopBlockIntegration(options?: EventLoopBlockOptions): Integration {
  const known = { threshold: "number", maxEventsPerHour: "number", staticTags: "object" } as const;
  const given = checked("eventLoopBlockIntegration", options, known);
  const { threshold = 1000, maxEventsPerHour = 1 } = given;
  return { name: NAME, options: given, setupOnce: () => watch(threshold, maxEventsPerHour, HOUR) };
}

/** The same by its older name: once for each process, after five seconds. */
export function anrIntegration(options?: AnrOptions): Integration {
  const given = checked("anrIntegration", options, {
    anrThreshold: "number",
    maxAnrEvents: "number",
    staticTags: "object",
    captureStackTrace: "any",
    pollInterval: "idle",
  } as const);
  const { anrThreshold = 5000, maxAnrEvents = 1, staticTags } = given;
  const setupOnce = (): void => watch(anrThreshold, maxAnrEvents, Number.MAX_VALUE);
  return { name: "Anr", parts: { [NAME]: { staticTags } }, setupOnce };
}

const HOUR = 3_600_000;
let watching = false;

function watch(wanted: number, most: number, within: number): void {
  if (watching) return;
  watching = true;
  const threshold = Math.max(50, wanted);
  Object.defineProperty(globalThis, REPORT, { value: (stack: string) => report(stack, threshold), configurable: true });
  const beats = new SharedArrayBuffer(4);
  const beat = new Int32Array(beats);
  setInterval(() => Atomics.add(beat, 0, 1), threshold / 4).unref();
  const workerData: Watch = { beats, threshold, report: REPORT.description as string, most, within };
  const { Worker } = require("node:worker_threads") as typeof import("node:worker_threads");
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
  const options = usingWith<EventLoopBlockOptions>(NAME);
  if (!options) return;
  const error = new Error(`the event loop was blocked for at least ${threshold} ms`);
  error.name = "EventLoopBlocked";
  error.stack = `${String(error)}\n${stack}`;
  captureObserved(error, options.staticTags && { tags: options.staticTags }, { mechanism: "auto.node.event_loop_block", handled: false });
}
