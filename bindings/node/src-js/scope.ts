import { addTo } from "./breadcrumb";
import { say } from "./client";
import { objectToJson, toJson, toText } from "./json";
import { native, type NativeScope } from "./native";
import type {
  Breadcrumb,
  BreadcrumbHint,
  EventProcessor,
  IncomingRequest,
  Primitive,
  ScopeContext,
  SeverityLevel,
  User,
} from "./types";

type Setter = "setTag" | "removeTag" | "setExtra" | "setContext" | "setUser" | "setLevel" | "setFingerprint" | "setTransactionName";

/** What was set and has not been handed over. A list that only grows at its head, so that a fork shares it. */
interface Pending {
  before: Pending | undefined;
  setter: Setter;
  key: unknown;
  value: unknown;
  length: number;
}

const MOST_PENDING = 64;

/** Data for every event of a piece of work. */
export class Scope {
  /** The core's scope; made when it is needed first, since most forks never see an event. @internal */
  #native: NativeScope | undefined;
  #pending: Pending | undefined;
  /** @internal */
  processors: readonly EventProcessor[] = [];
  /** @internal */
  request: (() => IncomingRequest) | undefined;
  /** @internal */
  lastEventId: string | undefined;

  /** @internal */
  static of(handle: NativeScope): Scope {
    const scope = new Scope();
    scope.#native = handle;
    return scope;
  }

  /** Sets a tag; `null` and `undefined` remove it. */
  setTag(key: string, value: Primitive): this {
    if (value === null || value === undefined) return this.#set("removeTag", toText(key), undefined);
    return this.#set("setTag", toText(key), toText(value));
  }

  /** Sets several tags. */
  setTags(tags: Record<string, Primitive>): this {
    for (const [key, value] of entries(tags)) this.setTag(key, value as Primitive);
    return this;
  }

  /** Sets an extra value. */
  setExtra(key: string, value: unknown): this {
    return this.#set("setExtra", toText(key), toJson(value));
  }

  /** Sets several extra values. */
  setExtras(extras: Record<string, unknown>): this {
    for (const [key, value] of entries(extras)) this.setExtra(key, value);
    return this;
  }

  /** Replaces the object under `contexts.<key>`; `null` removes it. */
  setContext(key: string, context: Record<string, unknown> | null): this {
    return this.#set("setContext", toText(key), objectToJson(context) ?? "null");
  }

  /** Replaces the user; `null` forgets it. */
  setUser(user: User | null): this {
    return this.#set("setUser", objectToJson(user) ?? "null", undefined);
  }

  /** Overrides the level. */
  setLevel(level: SeverityLevel | null): this {
    return this.#set("setLevel", level === null || level === undefined ? undefined : toText(level), undefined);
  }

  /** Overrides the grouping; an empty list takes it back. */
  setFingerprint(fingerprint: string[]): this {
    return this.#set("setFingerprint", Array.isArray(fingerprint) ? fingerprint.map(toText) : [], undefined);
  }

  /** Names the route or task. */
  setTransactionName(name: string | null): this {
    return this.#set("setTransactionName", name === null || name === undefined ? undefined : toText(name), undefined);
  }

  /** Adds a processor; they run in the order of their registration. */
  addEventProcessor(processor: EventProcessor): this {
    if (typeof processor === "function") this.processors = [...this.processors, processor];
    return this;
  }

  /** Adds a breadcrumb to this scope. */
  addBreadcrumb(breadcrumb: Breadcrumb, hint?: BreadcrumbHint): this {
    addTo(this, breadcrumb, hint);
    return this;
  }

  /** Forgets the breadcrumbs. */
  clearBreadcrumbs(): this {
    this.#native?.clearBreadcrumbs();
    return this;
  }

  /** Forgets everything but the processors. */
  clear(): this {
    this.#pending = undefined;
    this.request = undefined;
    this.#native?.clear();
    return this;
  }

  /** Sets everything that is said at a call. */
  update(context: ScopeContext): this {
    if (context.tags) this.setTags(context.tags);
    if (context.extra) this.setExtras(context.extra);
    for (const [key, value] of entries(context.contexts)) this.setContext(key, value as Record<string, unknown>);
    if (context.user !== undefined) this.setUser(context.user);
    if (context.level) this.setLevel(context.level);
    if (context.fingerprint) this.setFingerprint(context.fingerprint);
    if (context.transactionName) this.setTransactionName(context.transactionName);
    return this;
  }

  /** Another scope that starts with what this one holds. @internal */
  fork(): Scope {
    return this.#copy(this.#native?.fork());
  }

  /** A fork that starts a trace of its own. @internal */
  forkIsolation(): Scope {
    return this.#copy(this.#native?.forkIsolation());
  }

  /** The core's scope, if there is anything to know. @internal */
  handleIfUsed(): NativeScope | undefined {
    return this.#native || this.#pending ? this.handle() : undefined;
  }

  /** The core's scope. @internal */
  handle(): NativeScope {
    const handle = (this.#native ??= new native.NativeScope());
    if (this.#pending) {
      const list: Pending[] = [];
      for (let at: Pending | undefined = this.#pending; at; at = at.before) list.push(at);
      this.#pending = undefined;
      while (list.length > 0) hand(handle, list.pop() as Pending);
    }
    return handle;
  }

  #copy(handle: NativeScope | undefined): Scope {
    const copy = new Scope();
    copy.#native = handle;
    copy.#pending = this.#pending;
    copy.processors = this.processors;
    copy.request = this.request;
    return copy;
  }

  #set(setter: Setter, key: unknown, value: unknown): this {
    const before = this.#pending;
    const length = before ? before.length + 1 : 1;
    const pending: Pending = { before, setter, key, value, length };
    if (this.#native) {
      hand(this.#native, pending);
    } else {
      this.#pending = pending;
      if (length >= MOST_PENDING) this.handle();
    }
    return this;
  }
}

function hand(handle: NativeScope, { setter, key, value }: Pending): void {
  const set = handle[setter] as (this: NativeScope, key: unknown, value: unknown) => string | null | undefined;
  const refused = set.call(handle, key, value);
  if (refused) say(`${setter} was refused: ${refused}`);
}

function entries(value: object | undefined | null): [string, unknown][] {
  try {
    return typeof value === "object" && value !== null ? Object.entries(value) : [];
  } catch {
    return [];
  }
}
