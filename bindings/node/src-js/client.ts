import { arch, hostname, release, totalmem, type as system } from "node:os";

import { captureEvent, captureException, captureMessage, type CaptureContext } from "./capture";
import type { ClientHooks } from "./client-hooks";
import { withScope } from "./context";
import { followErrors, type ChainOptions } from "./error";
import { Hooks } from "./hook";
import { chooseIntegrations, setUp, settingsOf, type Integration } from "./integration";
import type { ContextOptions } from "./integrations/core-parts";
import { native, type Dispatcher, type NativeClient } from "./native";
import { ownFilter } from "./option-values";
import { readOptions, type Options } from "./options";
import type { Scope } from "./scope";
import { handOverCounts } from "./tally";
import type { Event, EventHint, EventProcessor, SeverityLevel } from "./types";
import { Waits } from "./waits";

/** A client that repeats and records: from here on, or after one whose process is gone. @internal */
export type Testing =
  | { seed: number; now: number; after?: undefined }
  | { seed: number; after: Client; end: [how: string, seconds: number, crash: string | undefined] };

/** What the core keeps by itself. */
const MAX_BREADCRUMBS = 100;

/** What `init` made: the client, with its hooks and integrations. */
export class Client {
  /** @internal */
  readonly native: NativeClient;
  /** @internal */
  readonly hooks: Hooks;
  /** @internal */
  readonly hasBeforeSend: boolean;
  /** @internal */
  readonly crumbDispatcher: Dispatcher | undefined;
  /** True if breadcrumbs may wait on this side until an event needs them. @internal */
  readonly holdsBreadcrumbs: boolean;
  /** So many at least, as the addon refuses what is no number. @internal */
  readonly maxBreadcrumbs: number;
  /** @internal */
  readonly attachStacktrace: boolean;
  /** Knows the `tracesSampler`, if there is one. @internal */
  readonly samplerDispatcher: Dispatcher | undefined;
  /** Knows `beforeSendLog`, if there is one. @internal */
  readonly logDispatcher: Dispatcher | undefined;
  /** @internal */
  readonly metricDispatcher: Dispatcher | undefined;
  /** @internal */
  readonly checkInDispatcher: Dispatcher | undefined;
  /** @internal */
  readonly feedbackDispatcher: Dispatcher | undefined;
  /** Processors of all events, which run before those of the scopes. @internal */
  preprocessors: readonly EventProcessor[] = [];
  /** Those that run after them. @internal */
  processors: readonly EventProcessor[] = [];
  /** Spans may be recorded: there is a rate or a sampler. @internal */
  readonly isTracingOn: boolean;
  /** What starts in a span that is not recorded is counted. @internal */
  readonly countsUnrecorded: boolean;
  /** A hook looks at transactions or spans when they end. @internal */
  readonly seesSpans: boolean;
  /** So many spans of a transaction may be told of at their ends alone. @internal */
  readonly maxUnknownSpans: number;
  /** Something decides about spans by the attributes that they start with. @internal */
  readonly startsByAttributes: boolean;
  /** What those that are switched on were made with, by name. @internal */
  readonly integrations: Map<string, object>;
  /** Requests are to be told of though no trace came along. @internal */
  readonly followsRequests: boolean;
  /** Bytes of a request's body that are kept; 0 where none are collected. @internal */
  readonly bodyLimit: number;
  /** In tests: what {@link say} has said. @internal */
  readonly said: string[] | undefined;
  /** @internal */
  closed = false;
  readonly #options: Options;
  #integrations: readonly Integration[];
  #flight: Promise<unknown> | undefined;
  #hooks: ClientHooks | undefined;
  /** What the addon knows us by, once we listen. */
  #listener: number | undefined;
  #flushes = 0;
  #isEnabled = false;
  #isSetUp = false;

  /** A client beside that of `init`, with the integrations of its options alone; `setCurrentClient` makes it the one that is
   * reported by. Throws a TypeError when an option cannot be used. */
  constructor(given?: Options | string);
  /** @internal */
  constructor(given: Options | string | undefined, integrations?: readonly Integration[], testing?: Testing);
  constructor(given?: Options | string, integrations: readonly Integration[] = chosenBy(given), testing?: Testing) {
    const options = readOptions(given);
    this.#options = typeof given === "string" ? { dsn: given } : { ...given };
    this.#integrations = integrations;
    this.integrations = settingsOf(integrations, this.#options);
    const own = ownFilter(this.#options);
    if (own) this.processors = [own];
    this.hooks = new Hooks(options);
    this.hasBeforeSend = Boolean(options.functions.beforeSend ?? options.functions.errorSampler);
    this.crumbDispatcher = options.functions.beforeBreadcrumb && this.hooks.dispatch;
    const setup = {
      options: options.json,
      integrations: integrations.filter(({ unlisted }) => !unlisted).map(({ name }) => name),
      serverName: hostname(),
      contexts: contexts(this.integrations.get("Context") ?? {}),
      ownFolder: __dirname,
      hooks: this.hooks.numbers,
    };
    try {
      this.native = !testing
        ? native.NativeClient.start(setup, this.hooks.dispatch)
        : testing.after
          ? testing.after.native.restartTesting(setup, testing.seed, ...testing.end, this.hooks.dispatch)
          : native.NativeClient.startTesting(setup, testing.now, testing.seed);
    } catch (error) {
      throw new TypeError((error as Error).message.replace("{}", options.odd));
    }
    this.said = testing && [];
    this.hooks.attach(this.native);
    const { functions, ignoresSpans, streams } = options;
    this.isTracingOn = this.native.isTracingOn;
    this.countsUnrecorded = this.isTracingOn && (ignoresSpans || streams);
    this.startsByAttributes = ignoresSpans || functions.tracesSampler !== undefined;
    this.maxUnknownSpans = this.native.maxUnknownSpans;
    this.samplerDispatcher = functions.tracesSampler && this.hooks.dispatch;
    this.logDispatcher = functions.beforeSendLog && this.hooks.dispatch;
    this.metricDispatcher = functions.beforeSendMetric && this.hooks.dispatch;
    this.checkInDispatcher = functions.beforeSendCheckIn && this.hooks.dispatch;
    this.feedbackDispatcher = functions.beforeSendFeedback && this.hooks.dispatch;
    this.seesSpans = Boolean(functions.beforeSendTransaction ?? functions.beforeSendSpan);
    this.followsRequests = this.native.followsRequests;
    this.bodyLimit = this.native.bodyLimit;
    this.holdsBreadcrumbs = this.native.holdsBreadcrumbs;
    this.maxBreadcrumbs = this.#options.maxBreadcrumbs ?? MAX_BREADCRUMBS;
    this.attachStacktrace = this.native.attachStacktrace;
    this.lookAgain();
  }

  /** True if a capture can lead anywhere. */
  get isEnabled(): boolean {
    return this.#isEnabled && !this.closed;
  }

  /** Whether it is enabled changes with the user's consent alone, and asking the addon each time has its price. @internal */
  lookAgain(): void {
    this.#isEnabled = this.native.isEnabled;
  }

  /** The time of a clock that stands still between calls; nothing where time goes by. @internal */
  testNow(): number | undefined {
    return this.said && this.native.now();
  }

  /** What `init` was given. */
  getOptions(): Options {
    return this.#options;
  }

  /** What is known from the DSN; nothing without one. */
  getDsn(): Dsn | undefined {
    const facts = JSON.parse(this.native.dsnFacts()) as { public_key?: string; project_id?: string; org_id?: string };
    if (facts.public_key === undefined) return undefined;
    return { publicKey: facts.public_key, projectId: facts.project_id ?? "", orgId: facts.org_id ?? undefined };
  }

  /** An integration by its name. */
  getIntegrationByName<I extends Integration = Integration>(name: string): I | undefined {
    return this.#integrations.find((integration) => integration.name === name && !integration.unlisted) as I | undefined;
  }

  /** The names of the integrations. */
  getIntegrationNames(): string[] {
    return this.#integrations.filter(({ unlisted }) => !unlisted).map(({ name }) => name);
  }

  /** Sets the integrations up, where `init` did not make the client. */
  init(): void {
    if (this.#isSetUp) return;
    this.#isSetUp = true;
    followErrors(this.integrations.get("LinkedErrors") as ChainOptions | undefined);
    setUp(this, this.#integrations);
  }

  /** Sets another integration up, unless one of its name is there. */
  addIntegration(integration: Integration): void {
    if (this.getIntegrationByName(integration.name)) return;
    this.#integrations = [...this.#integrations, integration];
    for (const [name, made] of settingsOf([integration], this.#options)) this.integrations.set(name, made);
    if (integration.name === "LinkedErrors") followErrors(integration.options);
    setUp(this, [integration]);
  }

  /** Adds a function that sees every event after those of the scopes. */
  addEventProcessor(processor: EventProcessor): void {
    if (typeof processor === "function") this.processors = [...this.processors, processor];
  }

  /** Captures an error, in `scope` if there is one. Its event's id. A client that is not the current one captures nothing. */
  captureException(error: unknown, hint?: CaptureContext, scope?: Scope): string | undefined {
    return this.#inScope(scope, () => captureException(error, hint));
  }

  /** Captures a message. */
  captureMessage(message: string, level?: SeverityLevel | CaptureContext, hint?: EventHint, scope?: Scope): string | undefined {
    const context = hint === undefined ? level : { ...hint, ...(typeof level === "string" ? { level } : level) };
    return this.#inScope(scope, () => captureMessage(message, context));
  }

  /** Captures an event that the application has put together. */
  captureEvent(event: Event, hint?: EventHint, scope?: Scope): string | undefined {
    return this.#inScope(scope, () => captureEvent(event, hint));
  }

  #inScope(scope: Scope | undefined, capture: () => string | undefined): string | undefined {
    if (current !== this) {
      say("a client that is not the current one captures nothing: `setCurrentClient` makes it that");
      return undefined;
    }
    return scope ? withScope(scope, capture) : capture();
  }

  /** Calls `callback` at `beforeSendEvent`, `preprocessEvent`, `flush`, `close` and what {@link emit} names; the others of the
   * official SDK do not come, which the debug output says. The answer takes it away. */
  on(hook: string, callback: (...given: never[]) => void): () => void {
    // As good as nobody listens, so that nobody waits for the file.
    const listeners = require("./client-hooks") as typeof import("./client-hooks");
    this.#hooks ??= new listeners.ClientHooks(this);
    return this.#hooks.on(hook, callback as (...given: unknown[]) => void);
  }

  /** Calls what {@link on} has put there. */
  emit(hook: string, ...given: unknown[]): void {
    this.#hooks?.emit(hook, ...given);
  }

  /** Waits until everything has left, for at most that many milliseconds. True if it has. */
  flush(timeoutMs?: number): Promise<boolean> {
    this.emit("flush");
    handOverCounts();
    const limit = this.#limit(timeoutMs);
    return (this.hooks.deferred.size > 0 ? undefined : this.#flushLater(limit)) ?? this.drain(limit, false);
  }

  /** The same, and stops. */
  close(timeoutMs?: number): Promise<boolean> {
    return this.drain(timeoutMs, true);
  }

  /** Nothing where the addon cannot tell later. */
  #flushLater(limit: number): Promise<boolean> | undefined {
    const listener = (this.#listener ??= this.native.listen(this.#flushed));
    const number = ++this.#flushes;
    if (!native.flushLater(listener, number)) return undefined;
    return new Promise((resolve) => this.#waits.add(number, limit, resolve));
  }

  readonly #flushed = (number: number, done: boolean): void => this.#waits.answer(number, done);

  readonly #waits = new Waits((number) => native.stopWaiting(this.#listener as number, number));

  #limit(timeout: number | undefined): number {
    return typeof timeout === "number" && timeout >= 0 ? timeout : this.native.shutdownTimeout;
  }

  /** @internal Waits until everything has left; one wait at a time occupies a thread of Node's pool. */
  async drain(timeout: number | undefined, stop: boolean): Promise<boolean> {
    handOverCounts();
    if (stop && !this.closed) this.emit("close");
    if (stop) this.closed = true;
    const limit = this.#limit(timeout);
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

/** What is known from a DSN. */
export interface Dsn {
  publicKey: string;
  projectId: string;
  orgId?: string | undefined;
}

function chosenBy(given: Options | string | undefined): Integration[] {
  return typeof given === "object" && given !== null ? chooseIntegrations([], given) : [];
}

/** What is said of the machine on all events, as JSON. */
function contexts({ os = true, device = true }: ContextOptions): string {
  return JSON.stringify({
    runtime: { name: "node", version: process.version },
    ...(os ? { os: { name: system(), version: release() } } : {}),
    ...(device ? { device: { arch: arch(), memory_size: totalmem() } } : {}),
  });
}

let current: Client | undefined;

/** The client of the last `init`. */
export function getClient(): Client | undefined {
  return current;
}

/** Puts a client in the place of the current one, which is left as it is. @internal */
export function replaceClient(client: Client | undefined): void {
  current = client;
}

/** Makes a client the one that is reported by, in the place of the current one, which delivers what it has. */
export function setCurrentClient(client: Client): void {
  const before = current;
  current = client;
  if (before && before !== client) void before.drain(undefined, true);
}

/** Says a line about a failure inside, where `debug` asks for it. @internal */
export function say(line: string): void {
  try {
    current?.said?.push(line);
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
