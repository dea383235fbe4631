import { attachmentArguments, type Attachment } from "./attachment";
import { say } from "./client";
import { Deferred, isPromise, PROCESSOR, wrongAnswer, type Step } from "./deferred";
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
  /** Nobody waits for an answer that comes later. */
  atOnce?: true;
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
  readonly #deferred = new Deferred();

  constructor(options: ReadOptions) {
    this.#functions = options.functions;
  }

  /** The numbers of the hooks that there are. */
  get numbers(): number[] {
    return (Object.keys(this.#functions) as (keyof typeof HOOKS)[]).map((name) => HOOKS[name].number);
  }

  attach(client: NativeClient): void {
    this.#deferred.attach(client);
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

  /** Events whose hooks have not answered yet. */
  get deferred(): Iterable<Promise<void>> & { size: number } {
    return this.#deferred.waiting;
  }

  /** Drops these: the process ends. */
  giveUp(): void {
    this.#deferred.giveUp();
  }

  /** The answer's form is the addon's: `null` drops, `?` comes later, `!` has failed, anything else is the answer. */
  readonly dispatch: Dispatcher = (hook, json) => {
    const before = this.running;
    this.running = true;
    try {
      const { hint } = this.call;
      const item = unwrapped(JSON.parse(json)) as never;
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

  #ask(hook: number, item: never, call: Call): string | null {
    const { hint, sampling } = call;
    switch (hook) {
      case PROCESSORS:
        return this.#process(item, call);
      case HOOKS.tracesSampler.number:
        return rate(this.#functions.tracesSampler?.(samplingContext(item as Sampled, sampling)));
      case HOOKS.beforeSend.number:
        return this.#waited(item, this.#functions.beforeSend?.(item, hint), "beforeSend");
      case HOOKS.beforeSendTransaction.number:
        return this.#waited(item, this.#functions.beforeSendTransaction?.(item, hint), "beforeSendTransaction");
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

  #process(event: Event, { hint, processors, atOnce }: Call): string | null {
    let answer: unknown = event;
    for (const [at, processor] of processors.entries()) {
      answer = processor(answer as Event, hint);
      if (isPromise(answer) && !atOnce) {
        return this.#deferred.add(event, answer, PROCESSOR, this.#rest(event, hint, processors.slice(at + 1)));
      }
      if (typeof answer !== "object" || answer === null) return written(answer, eventToJson);
    }
    return written(answer, eventToJson);
  }

  /** The hooks that come after a processor which is waited for. */
  #rest(event: Event, hint: EventHint, processors: readonly EventProcessor[]): Step[] {
    const name = event.type === "transaction" ? "beforeSendTransaction" : "beforeSend";
    const last = this.#functions[name];
    const steps: Step[] = processors.map((processor) => ({
      name: PROCESSOR,
      run: (item) => this.#guarded(() => processor(item, hint)),
    }));
    return last ? [...steps, { name, run: (item) => this.#guarded(() => last(item as never, hint)) }] : steps;
  }

  #waited(event: Event, answer: unknown, name: "beforeSend" | "beforeSendTransaction"): string | null {
    return isPromise(answer) ? this.#deferred.add(event, answer, name, []) : written(answer, eventToJson);
  }

  #guarded<T>(run: () => T): T {
    const before = this.running;
    this.running = true;
    try {
      return run();
    } finally {
      this.running = before;
    }
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

/** An event's breadcrumbs are a list here; on the way they are an object around one. */
function unwrapped(item: { breadcrumbs?: { values?: unknown } }): unknown {
  if (item.breadcrumbs?.values) item.breadcrumbs = item.breadcrumbs.values as never;
  return item;
}

function wrong(answer: unknown, wanted = "an object or null"): string {
  return `!${wrongAnswer(answer, wanted)}`;
}
