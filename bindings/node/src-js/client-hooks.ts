import { say, type Client } from "./client";
import { toText } from "./json";
import type { Event, EventHint } from "./types";

type Callback = (...given: unknown[]) => void;

/** What happens elsewhere, where no JavaScript is asked. */
const NEVER = new Set([
  "afterCaptureLog", "afterCaptureMetric", "afterEnvelope", "afterSegmentSpanEnd", "afterSendEvent", "afterSpanEnd",
  "applyFrameMetadata", "beforeAddBreadcrumb", "beforeCaptureLog", "beforeEnvelope", "beforeSampling", "beforeSendFeedback",
  "beforeSendSession", "createDsc", "flushLogs", "flushMetrics", "httpServerRequest", "postprocessEvent", "prepareSpanScope",
  "preprocessSpan", "processMetric", "processSegmentSpan", "processSpan", "spanEnd", "spanStart",
]);

/** Listeners of a client. */
export class ClientHooks {
  readonly #client: Client;
  readonly #callbacks = new Map<string, Set<Callback>>();

  constructor(client: Client) {
    this.#client = client;
  }

  on(hook: string, callback: Callback): () => void {
    if (NEVER.has(hook)) {
      say(`the hook ${hook} never comes; there are \`beforeSend...\`, \`beforeBreadcrumb\` and \`tracesSampler\``);
      return () => {};
    }
    let callbacks = this.#callbacks.get(hook);
    if (!callbacks) {
      callbacks = new Set();
      this.#callbacks.set(hook, callbacks);
      this.#feed(hook);
    }
    callbacks.add(callback);
    return () => void callbacks.delete(callback);
  }

  emit(hook: string, ...given: unknown[]): void {
    for (const callback of this.#callbacks.get(hook) ?? []) {
      try {
        callback(...given);
      } catch (error) {
        say(`a listener of ${hook} threw ${toText(error)}`);
      }
    }
  }

  /** Events are looked at only where somebody listens. */
  #feed(hook: string): void {
    const client = this.#client;
    const tell = (event: Event, hint: EventHint): Event => {
      this.emit(hook, event, hint);
      return event;
    };
    if (hook === "beforeSendEvent") client.addEventProcessor(tell);
    if (hook === "preprocessEvent") client.preprocessors = [...client.preprocessors, tell];
  }
}
