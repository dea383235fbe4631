import { arch, hostname, release, totalmem, type as system } from "node:os";

import { Hooks } from "./hook";
import { native, type Dispatcher, type NativeClient } from "./native";
import { readOptions, type Options } from "./options";
import type { EventProcessor } from "./types";

/** A client of the addon with its hooks. */
export class Client {
  readonly native: NativeClient;
  readonly hooks: Hooks;
  readonly hasBeforeSend: boolean;
  readonly crumbDispatcher: Dispatcher | undefined;
  /** Knows the `tracesSampler`, if there is one. */
  readonly samplerDispatcher: Dispatcher | undefined;
  /** Processors of all events, which run after those of the scopes. */
  processors: readonly EventProcessor[] = [];
  /** Spans may be recorded: there is a rate or a sampler. */
  readonly isTracingOn: boolean;
  /** What starts in a span that is not recorded is counted. */
  readonly countsUnrecorded: boolean;
  /** A hook looks at transactions or spans when they end. */
  readonly seesSpans: boolean;
  /** Something decides about spans by the attributes that they start with. */
  readonly startsByAttributes: boolean;
  #flight: Promise<unknown> | undefined;
  closed = false;

  /** Throws a TypeError when an option cannot be used. */
  constructor(given: Options | string | undefined, integrations: string[], testing?: { now: number; seed: number }) {
    const options = readOptions(given);
    this.hooks = new Hooks(options);
    this.hasBeforeSend = options.functions.beforeSend !== undefined;
    this.crumbDispatcher = options.functions.beforeBreadcrumb && this.hooks.dispatch;
    const setup = {
      options: options.json,
      integrations,
      serverName: hostname(),
      contexts: JSON.stringify({
        runtime: { name: "node", version: process.version },
        os: { name: system(), version: release() },
        device: { arch: arch(), memory_size: totalmem() },
      }),
      ownFolder: __dirname,
      hooks: this.hooks.numbers,
    };
    try {
      this.native = testing
        ? native.NativeClient.startTesting(setup, testing.now, testing.seed)
        : native.NativeClient.start(setup, this.hooks.dispatch);
    } catch (error) {
      throw new TypeError((error as Error).message.replace("{}", options.odd));
    }
    this.hooks.attach(this.native);
    const { functions, ignoresSpans, streams } = options;
    this.isTracingOn = this.native.isTracingOn;
    this.countsUnrecorded = this.isTracingOn && (ignoresSpans || streams);
    this.startsByAttributes = ignoresSpans || functions.tracesSampler !== undefined;
    this.samplerDispatcher = functions.tracesSampler && this.hooks.dispatch;
    this.seesSpans = Boolean(functions.beforeSendTransaction ?? functions.beforeSendSpan);
  }

  /** True if a capture can lead anywhere. */
  get isEnabled(): boolean {
    return !this.closed && this.native.isEnabled;
  }

  /** Waits until everything has left; one wait at a time occupies a thread of Node's pool. */
  async drain(timeout: number | undefined, stop: boolean): Promise<boolean> {
    if (stop) this.closed = true;
    const limit = typeof timeout === "number" && timeout >= 0 ? timeout : this.native.shutdownTimeout;
    const end = performance.now() + limit;
    if (this.hooks.deferred.size > 0) await within(limit, Promise.all(this.hooks.deferred));
    while (this.#flight && performance.now() < end) await within(end - performance.now(), this.#flight);
    const left = Math.max(0, end - performance.now());
    const flight = stop ? this.native.close(left) : this.native.flush(left);
    this.#flight = flight;
    try {
      return await flight;
    } catch {
      return false;
    } finally {
      if (this.#flight === flight) this.#flight = undefined;
    }
  }
}

let current: Client | undefined;

/** The client of the last `init`. */
export function getClient(): Client | undefined {
  return current;
}

/** Puts a client in the place of the current one, which delivers what it has. */
export function setClient(client: Client): void {
  const before = current;
  current = client;
  if (before) void before.drain(undefined, true);
}

/** Says a line about a failure inside, where `debug` asks for it. */
export function say(line: string): void {
  try {
    current?.native.say(line);
  } catch {
    // Nobody is left to tell.
  }
}

function within(limit: number, promise: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((done) => {
    timer = setTimeout(done, Math.max(0, limit));
  });
  return Promise.race([promise.catch(() => undefined), late]).finally(() => clearTimeout(timer));
}
