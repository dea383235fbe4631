/** For the conformance vectors: a client that repeats and records. */
import { Client, getClient, replaceClient, setClient } from "./client";
import { resetScopes } from "./context";
import type { Options } from "./options";
import type { Event } from "./types";

/** Starts a client whose clock stands at `now` (seconds since 1970), whose ids and draws follow from `seed`, and which
 * records instead of sending. All scopes are empty afterwards. Throws as `init` does. */
export function initTesting(options: Options, now: number, seed: number): void {
  const client = new Client(options, [], { now, seed });
  resetScopes();
  setClient(client);
}

/** How a process came to its end, and when the next one starts. */
export interface End {
  how: "killed" | "announced" | "crashed";
  seconds?: number;
  /** What it recorded about its crash. */
  event?: Event;
}

/** Starts the client of the next process, after the present one ended. All scopes are empty afterwards. */
export function restartTesting(options: Options, seed: number, { how, seconds = 0, event }: End): void {
  const after = getClient();
  if (!after) throw new Error("there is no client whose process could be gone");
  const client = new Client(options, [], { seed, after, end: [how, seconds, event && JSON.stringify(event)] });
  resetScopes();
  replaceClient(client);
}

/** Takes the recorded envelopes. */
export function takeRecorded(): unknown[] {
  return JSON.parse(getClient()?.native.takeRecorded() ?? "[]") as unknown[];
}

/** Takes the counts of dropped items. */
export function takeDiscarded(): { reason: string; category: string; quantity: number }[] {
  return JSON.parse(getClient()?.native.takeDiscarded() ?? "[]") as ReturnType<typeof takeDiscarded>;
}

/** Takes what the debug output would have said about what was refused or has failed here. */
export function takeSaid(): string[] {
  return getClient()?.said?.splice(0) ?? [];
}

/** What is derived from the DSN. */
export function dsnFacts(): Record<string, unknown> {
  return JSON.parse(getClient()?.native.dsnFacts() ?? "null") as Record<string, unknown>;
}

/** Moves the clock. */
export function advanceClock(seconds: number): void {
  getClient()?.native.advanceClock(seconds);
}
