import { say, type Client } from "./client";
import { toJson, toText } from "./json";
import type { NativeSpan } from "./native";
import { processorsOf } from "./processor";
import { linkOf, linksToJson } from "./span-link";
import { fieldOf, isThrown, randomIds, split, statusOf, toSeconds } from "./span-value";
import type { Scope } from "./scope";
import type {
  SpanAttributes,
  SpanAttributeValue,
  SpanContext,
  SpanContextData,
  SpanJSON,
  SpanLink,
  SpanStatus,
  SpanTimeInput,
  StartSpanOptions,
} from "./tracing-types";
import type { Primitive } from "./types";

/** What a span is made of. @internal */
export interface Making {
  /** The core's span, or how it is made once somebody asks for it. Without any, the span leads nowhere. */
  native?: NativeSpan | (() => NativeSpan) | undefined;
  recording?: boolean;
  parent?: Span | undefined;
  /** The attributes that it starts with. */
  data?: Record<string, unknown> | undefined;
  /** The core knows the attributes already. */
  early?: boolean;
  /** The core has yet to know of it. */
  beginning?: Beginning | undefined;
  /** The scopes that its transaction belongs to. */
  scopes?: readonly Scope[] | undefined;
}

/** How a span began that the core does not know yet: most are never asked for more than their end. */
export interface Beginning {
  op: string | undefined;
  name: string;
  origin: string | undefined;
  /** When, in seconds since 1970, if that was said. */
  start: number | undefined;
  /** When, by the clock of `performance`. */
  at: number;
  links: string | undefined;
}

/**
 * A transaction or a span of one. One that is not sampled is no more than its ids: nothing set on it does anything.
 * After its end it cannot be changed any more. No method throws.
 */
export class Span {
  readonly #client: Client | undefined;
  #native: NativeSpan | (() => NativeSpan) | undefined;
  #recording: boolean;
  #ended = false;
  readonly #parent: Span | undefined;
  // What was set and is handed over at the end, at once.
  #data: Record<string, unknown> | undefined;
  readonly #scopes: readonly Scope[] | undefined;
  // It is not recorded though its parent is: what starts in it belongs to the parent.
  readonly #stoodIn: boolean;
  // The core knows some of the attributes since the start.
  readonly #early: boolean;
  #beginning: Beginning | undefined;
  // How many children the core has been told of at their ends, and this one's number among its parent's.
  #added = 0;
  #number: number | undefined;
  // Of a transaction: how many spans were started in it, and those among them that the core does not know.
  #started = 0;
  #unknown: Span[] | undefined;
  #ids: string[] | undefined;
  #said: Omit<SpanJSON, "trace_id" | "span_id" | "data"> = {};

  /** @internal */
  constructor(client: Client | undefined, { name, op, startTime }: Partial<StartSpanOptions>, making: Making) {
    this.#client = client;
    this.#native = making.native;
    this.#recording = making.recording ?? false;
    this.#parent = making.parent;
    this.#data = making.data;
    this.#scopes = making.scopes;
    this.#early = making.early ?? false;
    this.#beginning = making.beginning;
    this.#stoodIn = !this.#recording && making.parent !== undefined;
    if (this.#recording) {
      this.#said = { start_timestamp: toSeconds(startTime) ?? Date.now() / 1000 };
      if (name !== undefined) this.#said.description = name;
      if (op !== undefined) this.#said.op = op;
    }
  }

  /** True if what is set on it is sent. */
  isRecording(): boolean {
    return this.#recording;
  }

  /** Which span it is. */
  spanContext(): SpanContextData {
    const [traceId = "", spanId = "", , sampled] = this.#identity();
    return { traceId, spanId, traceFlags: sampled === "1" ? 1 : 0 };
  }

  /** Sets an attribute; `undefined` removes it. */
  setAttribute(key: string, value: SpanAttributeValue | undefined): this {
    if (!this.#recording) return this;
    const name = toText(key);
    const field = fieldOf(name, value);
    if (field) this.#setField(field, value as string);
    else if (value === undefined) this.#remove(name);
    else (this.#data ??= {})[name] = value;
    return this;
  }

  /** Sets several attributes. */
  setAttributes(attributes: SpanAttributes): this {
    if (!this.#recording || typeof attributes !== "object") return this;
    for (const key in attributes) this.setAttribute(key, attributes[key]);
    return this;
  }

  /** Says how the work ended, like `{ code: 2, message: "not_found" }` or `"not_found"`. */
  setStatus(status: SpanStatus | string): this {
    if (!this.#recording) return this;
    const { name, message } = statusOf(status);
    if (name) this.#report(this.#core()?.setStatus((this.#said.status = name)));
    return message === undefined ? this : this.setAttribute("sentry.status.message", message);
  }

  /** Says with which HTTP status the work ended. */
  setHttpStatus(code: number): this {
    if (this.#recording && Number.isInteger(code) && code > 0) {
      this.#core()?.setHttpStatus(code);
      (this.#data ??= {})["http.response.status_code"] = code;
    }
    return this;
  }

  /** Renames it: a transaction's name, or a child's description. */
  updateName(name: string): this {
    if (!this.#recording) return this;
    this.#core()?.setName((this.#said.description = toText(name)));
    if (!this.#parent) this.#core()?.setSource("custom");
    return this;
  }

  /** Changes the operation. */
  setOp(op: string): this {
    if (this.#recording) this.#core()?.setOp((this.#said.op = toText(op)));
    return this;
  }

  /** Sets a tag. */
  setTag(key: string, value: Primitive): this {
    if (this.#recording) this.#core()?.setTag(toText(key), toText(value));
    return this;
  }

  /** Adds a measured number to its transaction; units are named: `millisecond`, `byte`. */
  setMeasurement(name: string, value: number, unit = ""): this {
    if (this.#recording && typeof value === "number") this.#core()?.setMeasurement(toText(name), value, toText(unit));
    return this;
  }

  /** Ties it to another span that is not its parent. */
  addLink(link: SpanLink): this {
    const json = this.#recording ? linkOf(link) : undefined;
    if (json) this.#report(this.#core()?.addLink(JSON.stringify(json)));
    return this;
  }

  /** Ties it to several other spans. */
  addLinks(links: SpanLink[]): this {
    if (Array.isArray(links)) for (const link of links) this.addLink(link);
    return this;
  }

  /** Notes what was thrown, as the attributes `exception.type`, `exception.message` and `exception.stacktrace`. It is not
   * captured by that. */
  recordException(exception: unknown, _time?: SpanTimeInput): void {
    if (!this.#recording) return;
    const thrown = isThrown(exception) ? exception : undefined;
    this.setAttributes({
      "exception.type": thrown && toText(thrown.name),
      "exception.message": toText(thrown ? thrown.message : exception),
      "exception.stacktrace": thrown && typeof thrown.stack === "string" ? thrown.stack : undefined,
    });
  }

  /** Accepted, as other tracers have it; the protocol has no events inside of spans. */
  addEvent(_name: string, _attributesOrTime?: SpanAttributes | SpanTimeInput, _time?: SpanTimeInput): this {
    return this;
  }

  /** Ends it, now or at another time. A transaction is sent with the spans that have ended by then. */
  end(endTime?: SpanTimeInput): void {
    if (!this.#recording) return;
    this.#recording = false;
    this.#ended = true;
    const end = toSeconds(endTime);
    this.#said.timestamp = end ?? Date.now() / 1000;
    try {
      this.#finish(end);
    } catch (error) {
      say(`a span could not be ended: ${toText(error)}`);
    }
  }

  /** The same as {@link updateName}. */
  setName(name: string, source?: string): this {
    this.updateName(name);
    if (source !== undefined && this.#recording) this.#report(this.#core()?.setSource(toText(source)));
    return this;
  }

  /** The same as {@link setAttribute}. */
  setData(key: string, value: unknown): this {
    return this.setAttribute(key, value as SpanAttributeValue);
  }

  /** The same as {@link end}. */
  finish(endTime?: SpanTimeInput): void {
    this.end(endTime);
  }

  /** Starts a span inside of this one, which is active nowhere. */
  startChild(context: SpanContext = {}): Span {
    const { name, description, data, attributes, status, tags, startTimestamp, ...rest } = context;
    const child = this.inside({
      ...rest,
      name: description ?? name ?? "",
      startTime: startTimestamp,
      attributes: { ...(data as SpanAttributes), ...attributes },
    });
    if (status !== undefined) child.setStatus(status);
    for (const [key, value] of Object.entries(tags ?? {})) child.setTag(key, value);
    return child;
  }

  /** The header `sentry-trace` that takes the trace along. */
  toTraceparent(): string {
    return this.headers()[0] ?? "";
  }

  /** A child, or this span itself where nothing is recorded. @internal */
  inside(options: StartSpanOptions): Span {
    const client = this.#client;
    const native = this.#recording || this.#stoodIn || client?.countsUnrecorded ? this.#core() : undefined;
    if (!client || !native) return this;
    const { op, origin, rest } = split(options.attributes, options);
    const links = linksToJson(options.links);
    const [name, start] = [toText(options.name), toSeconds(options.startTime)];
    const shown = { name: options.name, op, startTime: options.startTime };
    if (this.#recording && this.root.#admits(client)) {
      // Its time is that of the clock that stands still, where there is one.
      const beginning = { op, name, origin, start: start ?? client.testNow(), at: performance.now(), links };
      const child = new Span(client, shown, { recording: true, parent: this, data: rest, beginning });
      (this.root.#unknown ??= []).push(child);
      return child;
    }
    const early = client.startsByAttributes && rest ? toJson(rest) : undefined;
    const child = native.startChild(op, name, origin, start, early, links);
    if (!this.#recording && !this.#stoodIn) return this;
    const recording = child.isRecording;
    return new Span(client, shown, { native: child, recording, parent: this, data: rest, early: early !== undefined });
  }

  /** True if the next span may be unknown to the core until it ends: then nothing is decided at its start. */
  #admits(client: Client): boolean {
    if (++this.#started <= client.maxUnknownSpans) return true;
    // Whoever is one too many is so by the order of the starts.
    for (const span of this.#unknown?.splice(0) ?? []) span.#core();
    return false;
  }

  /** It is no longer unknown. */
  #forget(): void {
    const unknown = this.root.#unknown;
    if (unknown === undefined) return;
    // As a rule the last to begin is the first to end.
    if (unknown.at(-1) === this) return void unknown.pop();
    const at = unknown.lastIndexOf(this);
    if (at >= 0) unknown.splice(at, 1);
  }

  /** False once it has ended: then it is nobody's parent. @internal */
  get isOpen(): boolean {
    return !this.#ended && (!this.#stoodIn || this.#parent?.isOpen === true);
  }

  /** True if the core knows it: it may be the active span. @internal */
  get isKnown(): boolean {
    return this.#native !== undefined || this.#beginning !== undefined;
  }

  /** The transaction that it belongs to. @internal */
  get root(): Span {
    let root: Span = this;
    while (root.#parent) root = root.#parent;
    return root;
  }

  /** The core's span, for scopes. @internal */
  handle(): NativeSpan | undefined {
    return this.#core();
  }

  /** The values of the headers that take the trace along; `baggage` is what goes along already. @internal */
  headers(baggage?: string): string[] {
    const parent = this.#number === undefined ? undefined : this.#parent;
    if (parent) {
      const [, own = ""] = this.#identity();
      const [, other = ""] = parent.#identity();
      return parent.headers(baggage).map((value, at) => (at === 1 ? value : value.replace(other, own)));
    }
    const native = this.#core();
    if (native && this.#client) return this.#client.native.spanHeaders(native, baggage);
    return [this.#identity().slice(0, 2).join("-"), baggage ?? ""];
  }

  /** Renames the transaction that it belongs to. @internal */
  nameTransaction(name: string): void {
    this.root.#core()?.setTransactionName(name);
  }

  /** What is known of it. @internal */
  toJSON(): SpanJSON {
    const [trace_id = "", span_id = "", parent] = this.#identity();
    return { trace_id, span_id, ...(parent ? { parent_span_id: parent } : {}), ...this.#said, data: { ...this.#data } };
  }

  #setField(field: "op" | "origin" | "source", value: string): void {
    if (field === "op") this.setOp(value);
    else if (field === "origin") this.#core()?.setOrigin((this.#said.origin = value));
    else this.#report(this.#core()?.setSource(value));
  }

  #remove(name: string): void {
    if (!this.#data || !(name in this.#data)) return;
    if (this.#early) this.#data[name] = null;
    else delete this.#data[name];
  }

  #core(): NativeSpan | undefined {
    if (this.#beginning !== undefined) this.#begin(this.#beginning);
    if (typeof this.#native === "function") this.#native = this.#native();
    return this.#native;
  }

  #parentsCore(): NativeSpan | undefined {
    return this.#parent ? this.#parent.#core() : undefined;
  }

  /** Tells the core of it. */
  #begin({ op, name, origin, start, at, links }: Beginning): void {
    this.#beginning = undefined;
    this.#forget();
    this.#native = this.#parentsCore()?.startChild(op, name, origin, start, undefined, links, performance.now() - at);
  }

  /** Trace, span, parent, decision. */
  #identity(): string[] {
    const ids = () =>
      this.#number === undefined ? this.#core()?.ids() : this.#parentsCore()?.idsOfAdded(this.#number);
    this.#ids ??= ids()?.split("-") ?? randomIds();
    return this.#ids;
  }

  #finish(end: number | undefined): void {
    const client = this.#client;
    const data = this.#data && toJson(this.#data);
    if (this.#beginning !== undefined) return this.#add(this.#beginning, end, data);
    const native = this.#core();
    if (!client || !native) return;
    const processors = this.#parent ? [] : processorsOf(client, this.#scopes?.[0], this.#scopes?.[1]);
    const dispatcher = processors.length > 0 || client.seesSpans ? client.hooks.dispatch : undefined;
    const finish = () => native.end(end, data, dispatcher, processors.length > 0);
    this.#report(dispatcher ? client.hooks.during({ hint: {}, processors }, finish) : finish());
  }

  /** Tells the core of all that it was, at once. */
  #add({ op, name, origin, start, at, links }: Beginning, end: number | undefined, data: string | undefined): void {
    this.#beginning = undefined;
    this.#forget();
    const parent = this.#parent;
    const native = this.#parentsCore();
    if (!parent || !native) return;
    this.#number = parent.#added++;
    this.#report(native.addChild(op, name, origin, start, performance.now() - at, end, data, links));
  }

  #report(refused: string | null | undefined): void {
    if (refused) say(`a span was told something odd: ${refused}`);
  }
}
