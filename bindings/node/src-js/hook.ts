import { eventToJson, toJson, toText } from "./json";
import type { Dispatcher, NativeClient } from "./native";
import type { ReadOptions } from "./options";
import type { Breadcrumb, Event, EventHint, EventProcessor } from "./types";

/** What a hook may look at in the capture under way. */
export interface Call {
  hint: EventHint;
  processors: readonly EventProcessor[];
}

const NOTHING: Call = { hint: {}, processors: [] };

/** The hooks of one client. The addon calls `dispatch`, on this thread, while it captures. */
export class Hooks {
  /** The capture under way. */
  call: Call = NOTHING;
  readonly #options: ReadOptions;
  readonly #deferred = new Set<Promise<void>>();
  #native: NativeClient | undefined;

  constructor(options: ReadOptions) {
    this.#options = options;
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

  /** The answer's form is the addon's: `null` drops, `{` is the item, `?` comes later, `!` has failed. */
  readonly dispatch: Dispatcher = (hook, json) => {
    const { hint, processors } = this.call;
    try {
      const item: unknown = JSON.parse(json);
      let answer: unknown;
      if (hook === 0) {
        answer = item;
        for (const processor of processors) {
          answer = processor(answer as Event, hint);
          if (answer === null || answer === undefined) return null;
          if (typeof answer !== "object") return wrong(answer);
        }
      } else if (hook === 1) {
        answer = this.#options.beforeSend?.(item as Event, hint);
        if (isPromise(answer)) return this.#defer(answer);
      } else {
        answer = this.#options.beforeBreadcrumb?.(item as Breadcrumb, hint);
      }
      if (answer === null || answer === undefined) return null;
      if (typeof answer !== "object" || isPromise(answer)) return wrong(answer);
      return hook === 2 ? toJson(answer) : eventToJson(answer);
    } catch (error) {
      return `!it threw ${toText(error)}`;
    }
  };

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

function wrong(answer: unknown): string {
  const what = isPromise(answer) ? "a promise" : typeof answer;
  return `!it answered with ${what} instead of an object or null`;
}

function isPromise(value: unknown): value is PromiseLike<Event | null> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
