import { readlinkSync } from "node:fs";

/** The number of this worker thread; nothing in the main thread. */
export function workerNumber(): number | undefined {
  // As good as always, and whoever asks `node:worker_threads` has loaded it.
  if (isFirst()) return undefined;
  const { isMainThread, threadId } = require("node:worker_threads") as typeof import("node:worker_threads");
  return isMainThread ? undefined : threadId;
}

/** True in the thread that the process began with, which is no worker; false also where that cannot be told. */
function isFirst(): boolean {
  try {
    const [process, , thread] = readlinkSync("/proc/thread-self").split("/");
    return process === thread;
  } catch {
    return false;
  }
}
