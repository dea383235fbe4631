import type { RecordedEvent } from "./types";

/** An item of an envelope as it would have been sent. */
export interface RecordedItem {
  header: { type: string; [key: string]: unknown };
  /** An object; text for what is no JSON. */
  payload: unknown;
}

/** An envelope as it would have been sent. */
export interface RecordedEnvelope {
  header: Record<string, unknown>;
  items: RecordedItem[];
}

/** Everything that a piece of code captured, in order. */
export class Recorded<T = unknown> {
  /** What the code returned. */
  readonly answer: T;
  /** As it would have been sent. */
  readonly envelopes: readonly RecordedEnvelope[];
  /** What was dropped, and why. */
  readonly discarded: readonly { reason: string; category: string; quantity: number }[];

  /** @internal */
  constructor(answer: T, envelopes: RecordedEnvelope[], discarded: Recorded["discarded"]) {
    this.answer = answer;
    this.envelopes = envelopes;
    this.discarded = discarded;
  }

  /** Errors and messages. */
  get events(): RecordedEvent[] {
    return this.payloads("event") as RecordedEvent[];
  }

  /** Transactions, with their spans. */
  get transactions(): RecordedEvent[] {
    return this.payloads("transaction") as RecordedEvent[];
  }

  /** Lines of the structured log. */
  get logs(): Record<string, unknown>[] {
    return this.#contained("log");
  }

  /** Measurements. */
  get metrics(): Record<string, unknown>[] {
    return this.#contained("trace_metric");
  }

  /** Check-ins of scheduled jobs. */
  get checkIns(): Record<string, unknown>[] {
    return this.payloads("check_in") as Record<string, unknown>[];
  }

  /** The payloads of every item of this type. */
  payloads(type: string): unknown[] {
    const items = this.envelopes.flatMap((envelope) => envelope.items);
    return items.filter((item) => item.header.type === type).map((item) => item.payload);
  }

  /** The one event that was captured. Throws when there is none, or several: the text lists them. */
  onlyEvent(): RecordedEvent {
    const [event, ...more] = this.events;
    if (event && more.length === 0) return event;
    throw new Error(`expected one event, there are ${this.events.length}: ${this.#titles()}`);
  }

  /** The event whose message, or class and message of an error, contains `text`. Throws when there is none. */
  assertEvent(text: string): RecordedEvent {
    const found = this.events.find((event) => title(event).includes(text));
    if (found) return found;
    throw new Error(`no event contains ${JSON.stringify(text)}: ${this.#titles()}`);
  }

  /** Throws when anything was captured. */
  assertNothing(): void {
    const types = this.envelopes.flatMap((envelope) => envelope.items.map((item) => item.header.type));
    if (types.length > 0) throw new Error(`expected nothing, there is ${types.join(", ")}: ${this.#titles()}`);
  }

  #contained(type: string): Record<string, unknown>[] {
    return this.payloads(type).flatMap((payload) => (payload as { items: Record<string, unknown>[] }).items);
  }

  #titles(): string {
    return JSON.stringify(this.events.map(title));
  }
}

function title({ exception, logentry, message }: RecordedEvent): string {
  const caught = exception?.values?.at(-1);
  return caught ? `${caught.type}: ${caught.value}` : (logentry?.formatted ?? logentry?.message ?? message ?? "");
}
