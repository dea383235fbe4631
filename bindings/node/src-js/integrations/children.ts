import { subscribe } from "node:diagnostics_channel";
import type { ChildProcess } from "node:child_process";
import type { Worker } from "node:worker_threads";

import { captureObserved } from "../capture";
import { runWith, active, type Active } from "../context";
import type { Integration } from "../integration";
import { native } from "../native";
import { addBreadcrumb } from "../setters";
import { checked } from "./checked";
import { using, usingWith } from "./using";

const CHILDREN = "ChildProcess";
const WORKERS = "WorkerThreads";

/** What is said of children. */
export interface ChildProcessOptions {
  /** Breadcrumbs hold the arguments; false by default. */
  includeChildProcessArgs?: boolean;
}

/** Child processes: how they ended, as breadcrumbs; there by default. */
export function childProcessIntegration(options?: ChildProcessOptions): Integration {
  const given = checked("childProcessIntegration", options, { includeChildProcessArgs: "boolean" });
  return { name: CHILDREN, options: given, setupOnce: watchChildren };
}

/** Worker threads: how they ended, as breadcrumbs, and errors that end them; there by default. */
export function workerThreadsIntegration(): Integration {
  return { name: WORKERS, setupOnce: watchWorkers };
}

function watchChildren(): void {
  subscribe("child_process", (message) => {
    const { process: child } = message as { process?: ChildProcess };
    const options = usingWith<ChildProcessOptions>(CHILDREN);
    if (child && options) followProcess(child, active(), options);
  });
}

function watchWorkers(): void {
  subscribe("worker_threads", (message) => {
    const { worker } = message as { worker?: Worker };
    if (worker && using(WORKERS)) followWorker(worker, active());
  });
}

function followProcess(child: ChildProcess, owner: Active, { includeChildProcessArgs }: ChildProcessOptions): void {
  const add = (text: string): void => {
    const data = { spawnfile: child.spawnfile, ...(includeChildProcessArgs ? { spawnargs: child.spawnargs } : {}) };
    runWith(owner, () => addBreadcrumb({ category: "child_process", level: "warning", message: text, data }));
  };
  child.once("exit", (code, signal) => {
    if (code !== 0) add(`a child process ended with ${code === null ? String(signal) : `code ${code}`}`);
  });
  // Looks on: an `error` event without a listener of the application's own still ends the process.
  watchErrors(child, (error) => add(`a child process failed: ${error.message}`));
}

function followWorker(worker: Worker, owner: Active): void {
  const { threadId } = worker;
  const mechanism = "auto.child_process.worker_thread";
  watchErrors(worker, (error) => {
    // One with a client of its own has reported it, with the stack and the scopes of there.
    if (native.knowsThread(threadId)) return;
    runWith(owner, () => captureObserved(error, undefined, { mechanism, handled: false }));
  });
  worker.once("exit", (code) => {
    native.forgetThread(threadId);
    const message = `worker thread ${threadId} ended with code ${code}`;
    if (code !== 0) runWith(owner, () => addBreadcrumb({ category: "worker_thread", level: "warning", message }));
  });
}

/** Sees errors before the listeners do, without being a listener: that would keep the process from ending. */
function watchErrors(emitter: ChildProcess | Worker, look: (error: Error) => void): void {
  const emit = emitter.emit as (event: string, ...values: unknown[]) => boolean;
  (emitter as { emit: typeof emit }).emit = function (this: unknown, event: string, ...values: unknown[]): boolean {
    if (event === "error" && values[0] instanceof Error) look(values[0]);
    return Reflect.apply(emit, this, [event, ...values]);
  };
}
