import * as timers from "node:timers";

import type { Client } from "./client";

// As they are now: whoever puts others in their place for a test does not stop our clock.
const { setTimeout: later, clearTimeout: never } = timers;

/** So many wait at most. */
const MOST = 1000;
/** Milliseconds for which they wait at most: they are lost with a process that is killed. */
const LONGEST = 1000;

let client: Client | undefined;
/** In which second, after 1970, those that wait began. */
let second = 0;
let total = 0;
/** By the statuses of their answers. */
const waiting = new Map<number, number>();
let timer: NodeJS.Timeout | undefined;

/**
 * Counts a request that nobody needed a scope for: when it began, in seconds after 1970, and the status of its answer, 0 if there
 * was none. Those that began in one second are handed over together, as each call of the addon takes longer than counting here.
 */
export function countRequest(by: Client, started: number, status: number): void {
  if (by.said) return by.native.countRequest(started, status);
  const began = Math.floor(started);
  if (began !== second || by !== client || total >= MOST) {
    handOverCounts();
    client = by;
    second = began;
  }
  waiting.set(status, (waiting.get(status) ?? 0) + 1);
  total += 1;
  timer ??= later(handOverCounts, LONGEST).unref();
}

/** Tells the addon of those that wait. */
export function handOverCounts(): void {
  if (timer !== undefined) {
    never(timer);
    timer = undefined;
  }
  if (client === undefined || total === 0) return;
  for (const [status, times] of waiting) {
    for (let n = 0; n < times; n++) client.native.countRequest(second, status);
  }
  total = 0;
  waiting.clear();
}
