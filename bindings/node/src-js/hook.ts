import { attachmentArguments, type Attachment } from "./attachment";
import { say } from "./client";
import { HOOKS, PROCESSORS } from "./hook-table";
import { eventToJson, toJson, toText } from "./json";
import { fromLog, toLog, type Log } from "./log";
import { toMetric } from "./metric";
import { native, type Dispatcher, type NativeClient } from "./native";
import type { Functions, ReadOptions } from "./options";
import { samplingContext, type Sampled } from "./sampling";
import type { Event, EventHint, EventProcessor } from "./types";

/** What a hook may look at in the call under way. */
export interface Call {
  hint: EventHint;
  processors: readonly EventProcessor[];
  /** What is there for the sampler alone. */
  sampling?: Record<string, unknown> | undefined;
}

const NO_FILES: readonly Attachment[] = [];
const NOTHING: Call = { hint: {}, processors: [] };

/** The hooks of one client. The addon calls `dispatch`, on this thread, while it captures. */
export class Hooks {
  /** The capture under way. */
  call: Call = NOTHING;
  /** True while a function of the application runs in here. */
  running = false;
  readonly #functions: Functions;
  readonly #deferred = new Set<Promise<void>>();
  #native: NativeClient | undefined;

  constructor(options: ReadOptions) {
    this.#functions = options.functions;
  }

  /** The numbers of the hooks that there are. */
  get numbers(): number[] {
    return (Object.keys(this.#functions) as (keyof typeof HOOKS)[]).map((name) => HOOKS[name].number);
  }

  attach(client: NativeClient): void {
    this.#native = client;
  }

  /** Runs a capture with what its hooks may look at. */
  during<T>(call: Call, capture: () => T): T {
    const before = this.call;
    this.call = call;
    try {
      return capture();
    } finally {
      this.call = before;
    }
  }

  /** Events whose `beforeSend` has not answered yet. */
  get deferred(): Iterable<Promise<void>> & { size: number } {
    return this.#deferred;
  }

  /** The answer's form is the addon's: `null` drops, `?` comes later, `!` has failed, anything else is the answer. */
  readonly dispatch: Dispatcher = (hook, json) => {
    const before = this.running;
    this.running = true;
    try {
      const { hint } = this.call;
      const item = JSON.parse(json) as never;
      const before = Array.isArray(hint.attachments) ? hint.attachments : NO_FILES;
      // A hook may push to it, and the list that was given at the call is the caller's.
      if (before.length > 0) hint.attachments = [...before];
      const answer = this.#ask(hook, item, this.call);
      if (hint.attachments) handOver(hint, before);
      return answer;
    } catch (error) {
      return `!it threw ${toText(error)}`;
    } finally {
      this.running = before;
    }
  };

  #ask(hook: number, item: never, { hint, processors, sampling }: Call): string | null {
    switch (hook) {
      case PROCESSORS:
        return this.#process(item, hint, processors);
      case HOOKS.tracesSampler.number:
        return rate(this.#functions.tracesSampler?.(samplingContext(item as Sampled, sampling)));
      case HOOKS.beforeSend.number: {
        const answer = this.#functions.beforeSend?.(item, hint);
        return isPromise(answer) ? this.#defer(answer) : written(answer, eventToJson);
      }
      case HOOKS.beforeSendTransaction.number:
        return written(this.#functions.beforeSendTransaction?.(item, hint), eventToJson);
      case HOOKS.beforeBreadcrumb.number:
        return written(this.#functions.beforeBreadcrumb?.(item, hint), toJson);
      case HOOKS.beforeSendSpan.number:
        return written(this.#functions.beforeSendSpan?.(item), toJson);
      case HOOKS.beforeSendLog.number:
        return written(this.#functions.beforeSendLog?.(toLog(item)), (log) => toJson(fromLog(log as Log)));
      case HOOKS.beforeSendMetric.number:
        return written(this.#functions.beforeSendMetric?.(toMetric(item)), toJson);
      case HOOKS.beforeSendCheckIn.number:
        return written(this.#functions.beforeSendCheckIn?.(item), toJson);
      case HOOKS.beforeSendFeedback.number:
        return written(this.#functions.beforeSendFeedback?.(item, hint), eventToJson);
      case HOOKS.errorSampler.number:
        return rate(this.#functions.errorSampler?.(item, hint));
      default:
        return `!there is no hook ${hook}`;
    }
  }

  #process(event: Event, hint: EventHint, processors: readonly EventProcessor[]): string | null {
    let answer: unknown = event;
    for (const processor of processors) {
      answer = processor(answer as Event, hint);
      if (typeof answer !== "object" || answer === null || isPromise(answer)) return written(answer, eventToJson);
    }
    return eventToJson(answer);
  }

  #defer(promise: PromiseLike<Event | null>): string {
    // While the client starts it reports what earlier processes left, and is not attached yet; no promise answers so soon.
    const client = () => this.#native;
    let settled = false;
    const drop = (why: string | undefined): void => {
      if (settled) return;
      settled = true;
      client()?.countDrop(true);
      if (why) client()?.say(`before_send failed, the event is dropped: ${why}`);
    };
    const resume = (answer: Event | null | undefined): void => {
      if (answer === null || answer === undefined) return drop(undefined);
      if (typeof answer !== "object") return drop(wrong(answer).slice(1));
      if (settled) return;
      settled = true;
      client()?.resume(eventToJson(answer));
    };
    const waiting = new Promise<void>((done) => {
      let timer: NodeJS.Timeout | undefined;
      queueMicrotask(() => {
        if (settled) return;
        timer = setTimeout(() => {
          drop("its promise did not settle in time");
          done();
        }, client()?.shutdownTimeout);
        timer.unref();
      });
      const end = (): void => {
        clearTimeout(timer);
        done();
      };
      Promise.resolve(promise)
        .then(resume, (error) => drop(`it rejected with ${toText(error)}`))
        .catch((error) => drop(toText(error)))
        .finally(end);
    });
    this.#deferred.add(waiting);
    void waiting.finally(() => this.#deferred.delete(waiting));
    return "?";
  }
}

/** Hands the files over that a hook has added to its hint. */
function handOver({ attachments }: EventHint, before: readonly Attachment[]): void {
  if (!Array.isArray(attachments)) return;
  for (const attachment of attachments) {
    if (before.includes(attachment) || typeof attachment !== "object" || attachment === null) continue;
    const refused = native.attachInHook(...attachmentArguments(attachment));
    if (refused) say(`an attachment was refused: ${refused}`);
  }
}

function written(answer: unknown, write: (item: unknown) => string): string | null {
  if (answer === null || answer === undefined) return null;
  return typeof answer !== "object" || isPromise(answer) ? wrong(answer) : write(answer);
}

function rate(answer: unknown): string {
  return typeof answer === "number" || typeof answer === "boolean" ? JSON.stringify(answer) : wrong(answer, "a number");
}

function wrong(answer: unknown, wanted = "an object or null"): string {
  const what = isPromise(answer) ? "a promise" : typeof answer;
  return `!it answered with ${what} instead of ${wanted}`;
}

function isPromise(value: unknown): value is PromiseLike<Event | null> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
