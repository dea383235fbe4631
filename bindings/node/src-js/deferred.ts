import { eventToJson, toText } from "./json";
import type { NativeClient } from "./native";
import { fulfilled } from "./peek";
import type { Event } from "./types";

/** A hook that is still to see an event. */
export interface Step {
  /** Whom to name when it fails. */
  name: string;
  run(event: Event): unknown;
}

/**
 * Errors and transactions whose hooks answer with a promise. They are in memory alone until it settles, and dropped when it takes
 * longer than `shutdownTimeout`, or when the process ends before.
 */
export class Deferred {
  readonly waiting = new Set<Promise<void>>();
  readonly #pending = new Set<Pending>();
  #native: NativeClient | undefined;

  attach(client: NativeClient): void {
    this.#native = client;
  }

  /** Waits for the answer of the hook `name`, and for `rest` after it. What the addon is to be told now. */
  add(item: Event, answer: PromiseLike<unknown>, name: string, rest: readonly Step[]): string {
    // While the client starts it reports what earlier processes left, and is not attached yet; no promise answers so soon.
    const pending = new Pending(item, answer, name, [...rest], () => this.#native);
    this.#pending.add(pending);
    void pending.follow();
    queueMicrotask(() => pending.limit(this.#native?.shutdownTimeout));
    this.waiting.add(pending.done);
    void pending.done.finally(() => {
      this.#pending.delete(pending);
      this.waiting.delete(pending.done);
    });
    return "?";
  }

  /** The process ends: what has an answer by now goes out, the rest is dropped. */
  giveUp(): void {
    for (const pending of this.#pending) pending.giveUp();
  }
}

/** One of them. */
class Pending {
  readonly done: Promise<void>;
  readonly #item: Event;
  readonly #rest: Step[];
  readonly #client: () => NativeClient | undefined;
  /** What is waited for. */
  #answer: unknown;
  /** Whose answer it is. */
  #name: string;
  #settle: () => void = () => {};
  #isSettled = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(item: Event, answer: unknown, name: string, rest: Step[], client: () => NativeClient | undefined) {
    this.#item = item;
    this.#answer = answer;
    this.#name = name;
    this.#rest = rest;
    this.#client = client;
    this.done = new Promise((resolve) => (this.#settle = resolve));
  }

  async follow(): Promise<void> {
    try {
      let event: unknown = await this.#answer;
      while (!this.#isSettled && this.#next(event)) event = await this.#answer;
      this.#finish(event);
    } catch (error) {
      this.#drop(`it rejected with ${toText(error)}`);
    }
  }

  limit(milliseconds: number | undefined): void {
    if (this.#isSettled) return;
    this.#timer = setTimeout(() => this.#drop("its promise did not settle in time"), milliseconds).unref();
  }

  giveUp(): void {
    if (this.#isSettled) return;
    try {
      let answer = fulfilled(this.#answer);
      while (answer && this.#next(answer.value)) {
        answer = isPromise(this.#answer) ? fulfilled(this.#answer) : { value: this.#answer };
      }
      if (answer) this.#finish(answer.value);
      else this.#drop("the process ended before its promise settled");
    } catch (error) {
      this.#drop(`it threw ${toText(error)}`);
    }
  }

  /** Hands the event on to the next hook; false if it is the last answer. */
  #next(event: unknown): boolean {
    if (typeof event !== "object" || event === null) return false;
    const step = this.#rest.shift();
    if (step === undefined) return false;
    this.#name = step.name;
    this.#answer = step.run(event as Event);
    return true;
  }

  #finish(event: unknown): void {
    if (event === null || event === undefined) return this.#drop(undefined);
    if (typeof event !== "object") return this.#drop(wrongAnswer(event));
    if (this.#end()) this.#client()?.resume(eventToJson(event));
  }

  #drop(why: string | undefined): void {
    if (!this.#end()) return;
    const { event_id: id, type } = this.#item;
    this.#client()?.dropDeferred(id, type === "transaction", this.#name === PROCESSOR);
    if (why !== undefined) this.#client()?.say(`${this.#name} failed, its item is dropped: ${why}`);
  }

  #end(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    clearTimeout(this.#timer);
    this.#settle();
    return true;
  }
}

/** The name of a hook that is no option. */
export const PROCESSOR = "an event processor";

/** What is said of an answer that is none. */
export function wrongAnswer(answer: unknown, wanted = "an object or null"): string {
  return `it answered with ${isPromise(answer) ? "a promise" : typeof answer} instead of ${wanted}`;
}

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
