import { aim } from "./aim";
import { getClient, say, type Client } from "./client";
import { active } from "./context";
import { readThrown } from "./error";
import { eventToJson, toJson, toText } from "./json";
import { native, type Dispatcher } from "./native";
import { processorsOf } from "./processor";
import { Scope } from "./scope";
import { START, type Step } from "./trail";
import type { Event, EventHint, EventProcessor, ScopeContext, SeverityLevel } from "./types";

/** How an integration came by an error. */
export interface Origin {
  mechanism: string;
  handled: boolean;
  level?: SeverityLevel;
}

/** What may stand beside an error: what the hooks get as hint, and what is said about this one event. */
export type CaptureContext = ScopeContext | EventHint | ((scope: Scope) => unknown) | Scope;

const GENERIC: Origin = { mechanism: "generic", handled: true };
const captured = new WeakSet<object>();

/** Captures an error with its causes, or whatever else was thrown. Its event's id. */
export function captureException(error: unknown, context?: CaptureContext): string | undefined {
  return captureThrown(error, context, GENERIC, captureException);
}

/** The same for integrations, each time. @internal */
export function captureThrownBy(error: unknown, context: CaptureContext, origin: Origin): string | undefined {
  return captureThrown(error, context, origin, undefined);
}

/** The same for integrations: one that was captured already is not captured again. */
export function captureObserved(error: unknown, context: CaptureContext | undefined, origin: Origin): string | undefined {
  if (typeof error === "object" && error !== null && captured.has(error)) return undefined;
  return captureThrown(error, context, origin, undefined);
}

/** Captures a message. Its event's id. */
export function captureMessage(message: string, context?: SeverityLevel | CaptureContext): string | undefined {
  const level = typeof context === "string" ? context : undefined;
  return capture("captureMessage", level ? undefined : (context as CaptureContext), false, (client, to) =>
    native.captureMessage(
      to.dispatcher,
      to.processors.length > 0,
      to.request,
      toText(message),
      level,
      client.attachStacktrace ? callerOf(captureMessage) : undefined,
    ),
  );
}

/** Captures an event that the application has put together. Its id. */
export function captureEvent(event: Event, hint?: EventHint): string | undefined {
  return capture("captureEvent", hint, false, (_client, to) =>
    native.captureEvent(to.dispatcher, to.processors.length > 0, to.request, eventToJson(event)),
  );
}

/** The id of the last event of this piece of work. */
export function lastEventId(): string | undefined {
  return active().isolation.lastEventId();
}

function captureThrown(
  error: unknown,
  context: CaptureContext | undefined,
  origin: Origin,
  entry: Function | undefined,
): string | undefined {
  return capture("captureException", context, true, (_client, to) => {
    const { first, rest, extra } = readThrown(error, entry && (() => callerOf(entry)));
    if (typeof error === "object" && error !== null) captured.add(error);
    const { mechanism, handled, level } = origin;
    const { dispatcher, processors, request, trail } = to;
    const { type, value, stack } = first;
    return native.captureErrors(
      dispatcher, processors.length > 0, request, type, value, stack, rest, mechanism, handled, level, extra,
      trail?.text, trail?.fields ?? 0, START,
    );
  }, error);
}

/** What goes with every capture. */
interface Target {
  dispatcher: Dispatcher | undefined;
  processors: readonly EventProcessor[];
  request: string | undefined;
  /** Breadcrumbs that the isolation scope holds and the core's does not know. */
  trail: Step | undefined;
}

/** The frame around every capture: nothing is thrown from here. */
function capture(
  name: string,
  context: CaptureContext | undefined,
  takesTrail: boolean,
  send: (client: Client, target: Target) => string | null,
  error?: unknown,
): string | undefined {
  const client = getClient();
  if (!client?.isEnabled) return undefined;
  try {
    const { isolation, current: base } = active();
    const current = context === undefined ? base : callSite(base, context);
    const target = aimAt(client, isolation, current, takesTrail);
    const id = target.dispatcher
      ? client.hooks.during(
          { hint: hintOf(context, takesTrail ? { originalException: error } : {}), processors: target.processors },
          () => send(client, target),
        )
      : send(client, target);
    if (id === null) return undefined;
    isolation.setLastEventId(id);
    return id;
  } catch (failure) {
    say(`${name} failed: ${toText(failure)}`);
    return undefined;
  }
}

function aimAt(client: Client, isolation: Scope, current: Scope, takesTrail: boolean): Target {
  const processors = processorsOf(client, isolation, current);
  const describe = current.request ?? isolation.request;
  const request = describe && toJson(describe());
  const dispatcher = client.hasBeforeSend || processors.length > 0 ? client.hooks.dispatch : undefined;
  if (takesTrail && !dispatcher) {
    aim(client.native, isolation.handleBesideHeld(), current.handleIfUsed());
    return { dispatcher, processors, request, trail: isolation.held() };
  }
  // Hooks look at breadcrumbs, so that they have to be made.
  aim(client.native, isolation.handle(), current.handleIfUsed());
  return { dispatcher, processors, request, trail: undefined };
}

/** A fork of the current scope with what was said at the call. What cannot be read costs no event. @internal */
export function callSite(base: Scope, context: CaptureContext): Scope {
  try {
    return readCallSite(base, context);
  } catch (error) {
    say(`what was said at the call could not be read: ${toText(error)}`);
    return base;
  }
}

function readCallSite(base: Scope, context: CaptureContext): Scope {
  if (context instanceof Scope) return context;
  const scope = base.fork();
  if (typeof context === "function") {
    const answer = context(scope);
    return answer instanceof Scope ? answer : scope;
  }
  if (typeof context !== "object" || context === null) return base;
  const { captureContext } = context as { captureContext?: CaptureContext };
  return (captureContext === undefined ? scope : callSite(scope, captureContext)).update(context as ScopeContext);
}

function hintOf(context: CaptureContext | undefined, found: EventHint): EventHint {
  const given = typeof context === "object" && context !== null && !(context instanceof Scope) ? context : {};
  try {
    return { ...found, ...given };
  } catch {
    return found;
  }
}

function callerOf(entry: Function): string | undefined {
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, entry);
  return typeof holder.stack === "string" ? holder.stack : undefined;
}
