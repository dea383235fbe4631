import { loseAim } from "./aim";
import { attachmentArguments, type Attachment } from "./attachment";
import { addTo } from "./breadcrumb";
import { captureEvent, captureException, captureMessage } from "./capture";
import { getClient, say } from "./client";
import { within } from "./context";
import { HeldTrail } from "./held";
import { objectToJson } from "./json";
import { native, type NativeScope } from "./native";
import { hand, handAll, type Pending, type Setter } from "./pending";
import { scopeData, setAll, type ScopeData } from "./scope-context";
import { ScopeSetters } from "./scope-setters";
import type { Span } from "./span";
import { START, type Step } from "./trail";
import type {
  Breadcrumb,
  BreadcrumbHint,
  Event,
  EventHint,
  EventProcessor,
  IncomingRequest,
  ScopeContext,
  SeverityLevel,
  User,
} from "./types";

/** A scope of the core that forks look at, as it was when they were made. */
interface Loan {
  native: NativeScope;
}

const MOST_PENDING = 64;
/** Characters of breadcrumbs that are held. */
const MOST_HELD = 65_536;

/** Data for every event of a piece of work. */
export class Scope extends ScopeSetters {
  /** The core's scope; made when it is needed first, since most forks never see an event. @internal */
  #native: NativeScope | undefined;
  #pending: Pending | undefined;
  /** Breadcrumbs that have not been handed over. */
  #held: HeldTrail | undefined;
  /** False for the scope of the process, which other threads read. @internal */
  holdsBreadcrumbs = true;
  /** The span that the core's scope knows as the active one; `null` if that is not known. */
  #known: Span | undefined | null;
  /** Where the core's scope is copied from when it is needed first: most forks never are. */
  #loan: Loan | undefined;
  /** What the forks since the last change look at. */
  #lent: Loan | undefined;
  /** The last {@link snapshot}. */
  #last: Scope | undefined;
  /** The scope is a piece of work of its own, with a trace of its own. */
  #ownsTrace = false;
  // What is still to be done when the core's scope is made: another trace to be started, or the one that was set to go.
  #fresh = false;
  #bare = false;
  /** The active span. @internal */
  span: Span | undefined;
  /** True where no span is to be started. @internal */
  suppressed = false;
  /** @internal */
  processors: readonly EventProcessor[] = [];
  /** @internal */
  request: (() => IncomingRequest) | undefined;
  /** Told once, when the core's scope is made. @internal */
  onMade: ((handle: NativeScope) => void) | undefined;
  #lastEventId: string | undefined;
  #user: User | undefined;

  /** @internal */
  static of(handle: NativeScope): Scope {
    const scope = new Scope();
    scope.#native = handle;
    scope.holdsBreadcrumbs = false;
    return scope;
  }

  /** Replaces the user; `null` forgets it. */
  setUser(user: User | null): this {
    this.#user = user ?? undefined;
    return this.put("setUser", objectToJson(user) ?? "null", undefined);
  }

  /** The user that was set on this scope. */
  getUser(): User | undefined {
    return this.#user;
  }

  /** Adds a file that goes with every event of the scope. */
  addAttachment(attachment: Attachment): this {
    if (typeof attachment !== "object" || attachment === null) return this;
    this.#settle();
    const refused = this.core().addAttachment(...attachmentArguments(attachment));
    if (refused) say(`an attachment was refused: ${refused}`);
    return this;
  }

  /** Forgets the attachments. */
  clearAttachments(): this {
    this.#changed()?.clearAttachments();
    return this;
  }

  /** The id of the last event that was captured with this isolation scope. */
  lastEventId(): string | undefined {
    return this.#lastEventId;
  }

  /** Sets what {@link lastEventId} answers. */
  setLastEventId(id: string | undefined): this {
    this.#lastEventId = id;
    return this;
  }

  /** What the scope holds: a copy, as the setters took it. */
  getScopeData(): ScopeData {
    return scopeData(this.core().contents(), this);
  }

  /** The newest breadcrumb of the scope. */
  getLastBreadcrumb(): Breadcrumb | undefined {
    return this.getScopeData().breadcrumbs.at(-1);
  }

  /** Makes a span the active one of this scope. */
  setSpan(span: Span | undefined): this {
    this.span = span;
    return this;
  }

  /** The active span of this scope. */
  getSpan(): Span | undefined {
    return this.span;
  }

  /** Captures an error with this scope as the current one. */
  captureException(error: unknown, hint?: EventHint): string | undefined {
    return within(this, () => captureException(error, hint));
  }

  /** Captures a message with this scope as the current one. */
  captureMessage(message: string, level?: SeverityLevel): string | undefined {
    return within(this, () => captureMessage(message, level));
  }

  /** Captures an event with this scope as the current one. */
  captureEvent(event: Event, hint?: EventHint): string | undefined {
    return within(this, () => captureEvent(event, hint));
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
    this.#held = undefined;
    this.#changed()?.clearBreadcrumbs();
    return this;
  }

  /** Forgets everything but the processors. */
  clear(): this {
    this.#pending = undefined;
    this.#held = undefined;
    this.request = undefined;
    this.#user = undefined;
    this.#changed()?.clear();
    return this;
  }

  /** Sets everything that is said at a call. */
  update(context: ScopeContext | ((scope: Scope) => unknown) | undefined): this {
    if (typeof context === "function") return void context(this), this;
    if (typeof context !== "object" || context === null) return this;
    setAll(this, context);
    return this;
  }

  /** Another scope that starts with what this one holds. */
  clone(): Scope {
    return this.fork();
  }

  /** @internal */
  fork(): Scope {
    // What the core's scope is to know, its forks are to know.
    if (this.onMade) this.#made();
    const fork = this.#copy();
    fork.#loan = this.#native ? (this.#lent ??= { native: this.#native }) : this.#loan;
    return fork;
  }

  /** A fork in which another span is active, or none. @internal */
  forkWith(span: Span | undefined): Scope {
    const fork = this.fork();
    fork.span = span;
    return fork;
  }

  /** A fork of a current scope for a new piece of work: no span is active there, and no trace was set. @internal */
  forkBare(): Scope {
    const fork = this.forkWith(undefined);
    fork.#bare = fork.#loan !== undefined;
    return fork;
  }

  /** A fork that starts a trace of its own. @internal */
  forkIsolation(): Scope {
    const fork = this.fork();
    fork.#ownsTrace = true;
    fork.#fresh = true;
    return fork;
  }

  /**
   * A fork that nobody changes, which stands for the scope as it is now until somebody needs one of their own: most pieces of work
   * end before that. All that a scope holds is replaced and never changed, so that what is the same object says the same.
   * @internal
   */
  snapshot(): Scope {
    const last = this.#last;
    if (last && !this.onMade && last.#isAs(this)) return last;
    return (this.#last = this.fork());
  }

  #isAs(other: Scope): boolean {
    return (
      this.#pending === other.#pending &&
      this.#held === other.#held &&
      // What the core's scope holds is not seen from here, unless a fork looks at it.
      this.#loan === (other.#native ? (other.#lent ?? null) : other.#loan) &&
      this.#fresh === other.#fresh &&
      this.#bare === other.#bare &&
      this.#user === other.#user &&
      this.span === other.span &&
      this.suppressed === other.suppressed &&
      this.processors === other.processors &&
      this.request === other.request
    );
  }

  /** The core's scope, if there is anything to know. @internal */
  handleIfUsed(): NativeScope | undefined {
    return this.#native || this.#loan || this.#pending || this.#held || this.span ? this.handle() : undefined;
  }

  /** The core's scope with its active span. @internal */
  handle(): NativeScope {
    this.core();
    return this.handleBesideHeld();
  }

  /** The same without the breadcrumbs that are held here. @internal */
  handleBesideHeld(): NativeScope {
    const handle = this.#made();
    if (this.span !== this.#known) {
      handle.setSpan(this.span?.handle());
      loseAim();
      this.#known = this.span;
    }
    return handle;
  }

  /** The core's scope, whatever span is active. @internal */
  core(): NativeScope {
    const handle = this.#made();
    if (this.#held) this.#handOver(handle, this.#held);
    return handle;
  }

  #made(): NativeScope {
    if (!this.#native) {
      this.#native = this.#loan ? this.#loan.native.fork() : new native.NativeScope();
      this.#known = this.#loan ? null : undefined;
      if (this.#fresh || (this.#ownsTrace && !this.#loan)) this.#native.startTrace();
      if (this.#bare) this.#native.clearTrace();
      this.#loan = undefined;
      this.#fresh = this.#bare = false;
      this.onMade?.(this.#native);
      this.onMade = undefined;
    }
    const handle = this.#native;
    if (this.#pending) {
      const pending = this.#pending;
      this.#pending = undefined;
      handAll(handle, pending);
    }
    return handle;
  }

  /** The same, to be changed. @internal */
  handleToChange(): NativeScope {
    this.#settle();
    return this.handle();
  }

  /** Keeps a breadcrumb until the core's scope is asked for; `most` is how many an event takes along. @internal */
  hold(step: Step, most: number): void {
    this.#held = HeldTrail.after(this.#held, step, most);
    if (this.#held.length > MOST_HELD) this.core();
  }

  /** The breadcrumbs that are held, as one text, if there are any. @internal */
  held(): Step | undefined {
    return this.#held?.all();
  }

  #handOver(handle: NativeScope, held: HeldTrail): void {
    const client = getClient();
    this.#held = undefined;
    this.#settle();
    if (!client) return;
    const { text, fields } = held.all();
    if (!native.addTrail(client.native, handle, text, fields, START)) say("held breadcrumbs could not be read");
  }

  /** Before the core's scope is changed: those who look at it get a copy of how it was. */
  #settle(): void {
    if (!this.#lent) return;
    this.#lent.native = this.#lent.native.fork();
    this.#lent = undefined;
  }

  /** The core's scope, if there is one, to be changed. */
  #changed(): NativeScope | undefined {
    if (!this.#native && !this.#loan) return undefined;
    this.#settle();
    return this.core();
  }

  #copy(): Scope {
    const copy = new Scope();
    copy.#pending = this.#pending;
    copy.#held = this.#held;
    copy.#known = this.#known;
    copy.#ownsTrace = this.#ownsTrace;
    copy.#fresh = this.#fresh;
    copy.#bare = this.#bare;
    copy.#user = this.#user;
    copy.span = this.span;
    copy.suppressed = this.suppressed;
    copy.processors = this.processors;
    copy.request = this.request;
    return copy;
  }

  /** @internal */
  override put(setter: Setter, key: unknown, value: unknown): this {
    const before = this.#pending;
    const length = before ? before.length + 1 : 1;
    const pending: Pending = { before, setter, key, value, length };
    if (this.#native) {
      this.#settle();
      hand(this.#native, pending);
    } else {
      this.#pending = pending;
      if (length >= MOST_PENDING) this.handle();
    }
    return this;
  }
}
