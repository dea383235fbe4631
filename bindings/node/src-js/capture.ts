import { aim } from "./aim";
import { getClient, say, type Client } from "./client";
import { active } from "./context";
import { readThrown } from "./error";
import { eventToJson, toJson, toText } from "./json";
import { native, type Dispatcher } from "./native";
import { processorsOf } from "./processor";
import { Scope } from "./scope";
import type { Event, EventHint, ScopeContext, SeverityLevel } from "./types";

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

/** The same for integrations: one that was captured already is not captured again. */
export function captureObserved(error: unknown, context: CaptureContext | undefined, origin: Origin): string | undefined {
  if (typeof error === "object" && error !== null && captured.has(error)) return undefined;
  return captureThrown(error, context, origin, undefined);
}

/** Captures a message. Its event's id. */
export function captureMessage(message: string, context?: SeverityLevel | CaptureContext): string | undefined {
  const level = typeof context === "string" ? context : undefined;
  return capture("captureMessage", level ? undefined : (context as CaptureContext), {}, (client, to) =>
    native.captureMessage(
      to.dispatcher,
      to.processors,
      to.request,
      toText(message),
      level,
      client.attachStacktrace ? callerOf(captureMessage) : undefined,
    ),
  );
}

/** Captures an event that the application has put together. Its id. */
export function captureEvent(event: Event, hint?: EventHint): string | undefined {
  return capture("captureEvent", hint, {}, (_client, to) =>
    native.captureEvent(to.dispatcher, to.processors, to.request, eventToJson(event)),
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
  return capture("captureException", context, { originalException: error }, (_client, to) => {
    const { first, rest, extra } = readThrown(error, entry && (() => callerOf(entry)));
    if (typeof error === "object" && error !== null) captured.add(error);
    const { mechanism, handled, level } = origin;
    const { dispatcher, processors, request } = to;
    const { type, value, stack } = first;
    return native.captureErrors(
      dispatcher, processors, request, type, value, stack, rest, mechanism, handled, level, extra,
    );
  });
}

/** What goes with every capture. */
interface Target {
  dispatcher: Dispatcher | undefined;
  processors: boolean;
  request: string | undefined;
}

/** The frame around every capture: nothing is thrown from here. */
function capture(
  name: string,
  context: CaptureContext | undefined,
  found: EventHint,
  send: (client: Client, target: Target) => string | null,
): string | undefined {
  const client = getClient();
  if (!client?.isEnabled) return undefined;
  try {
    const { isolation, current: base } = active();
    const current = context === undefined ? base : callSite(base, context);
    const processors = processorsOf(client, isolation, current);
    const request = current.request ?? isolation.request;
    const target: Target = {
      dispatcher: client.hasBeforeSend || processors.length > 0 ? client.hooks.dispatch : undefined,
      processors: processors.length > 0,
      request: request && toJson(request()),
    };
    aim(client.native, isolation.handle(), current.handleIfUsed());
    const id = target.dispatcher
      ? client.hooks.during({ hint: hintOf(context, found), processors }, () => send(client, target))
      : send(client, target);
    if (id === null) return undefined;
    isolation.setLastEventId(id);
    return id;
  } catch (error) {
    say(`${name} failed: ${toText(error)}`);
    return undefined;
  }
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
