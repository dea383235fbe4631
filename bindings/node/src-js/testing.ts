/**
 * For tests of applications: what a piece of code captures, in a list.
 *
 * @example
 * const { withCapturedEvents } = require("watchpost/testing");
 * const events = await withCapturedEvents(() => book(order));
 * assert.equal(events[0].exception.values[0].type, "TypeError");
 */
import { Client, getClient, replaceClient, setCurrentClient } from "./client";
import { resetScopes } from "./context";
import { amended } from "./init";
import { chooseIntegrations } from "./integration";
import { getDefaultIntegrations } from "./integrations";
import type { Options } from "./options";
import { Recorded, type RecordedEnvelope } from "./recorded";
import type { RecordedEvent } from "./types";

export type { Recorded, RecordedEnvelope, RecordedItem } from "./recorded";
export type { RecordedEvent } from "./types";

/** The errors and messages that `callback` captures, until it returns or its promise settles. */
export async function withCapturedEvents(callback: () => unknown, options?: Options): Promise<RecordedEvent[]> {
  return (await record(callback, options)).events;
}

/**
 * Everything that `callback` captures, until it returns or its promise settles. Nothing is sent; a DSN is filled in. All
 * scopes are empty before and after. The client is that of the whole process meanwhile, so that two recordings cannot go on
 * at once.
 */
export async function record<T>(callback: () => T | PromiseLike<T>, options: Options = {}): Promise<Recorded<T>> {
  const before = getClient();
  const integrations = Array.isArray(options.integrations) ? options.integrations : [];
  const given = { dsn: "https://key@errors.example.com/42", ...options };
  const testing = { now: Date.now() / 1000, seed: Math.random() * 2 ** 32 };
  const client = new Client(amended(given, integrations), integrations, testing);
  resetScopes();
  replaceClient(client);
  client.init();
  try {
    const answer = await callback();
    await client.flush();
    return new Recorded(answer, recordedBy(client), discardedBy(client));
  } finally {
    client.closed = true;
    if (getClient() === client) replaceClient(before);
    resetScopes();
  }
}

/** For the conformance vectors: starts a client whose clock stands at `now` (seconds since 1970), whose ids and draws
 * follow from `seed`, and which records instead of sending. All scopes are empty afterwards. The default integrations are
 * left out unless asked for. Throws as `init` does. */
export function initTesting(options: Options, now: number, seed: number, withDefaults = false): void {
  const integrations = chooseIntegrations(withDefaults ? getDefaultIntegrations(options) : [], options);
  const client = new Client(amended(options, integrations), integrations, { now, seed });
  resetScopes();
  setCurrentClient(client);
  client.init();
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
export function takeRecorded(): RecordedEnvelope[] {
  const client = getClient();
  return client ? recordedBy(client) : [];
}

/** Takes the counts of dropped items. */
export function takeDiscarded(): Recorded["discarded"] {
  const client = getClient();
  return client ? discardedBy(client) : [];
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

function recordedBy(client: Client): RecordedEnvelope[] {
  return JSON.parse(client.native.takeRecorded()) as RecordedEnvelope[];
}

function discardedBy(client: Client): Recorded["discarded"] {
  return JSON.parse(client.native.takeDiscarded()) as Recorded["discarded"];
}
