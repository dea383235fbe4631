import { captureEvent, captureException, captureMessage, lastEventId } from "./capture";
import { getClient } from "./client";
import { getCurrentScope, getIsolationScope, withScope } from "./context";
import type { Scope } from "./scope";
import { addBreadcrumb, setContext, setExtra, setExtras, setTag, setTags, setUser } from "./setters";

// Names of version 7 of the official SDK, for programs that still have them.

/** Changes the current scope. */
export function configureScope(callback: (scope: Scope) => void): void {
  callback(getCurrentScope());
}

/** What a hub was: the client and the scopes of the running work. */
export function getCurrentHub(): Hub {
  return hub;
}

const hub = {
  addBreadcrumb,
  captureEvent,
  captureException,
  captureMessage,
  configureScope,
  getClient,
  getIsolationScope,
  getScope: getCurrentScope,
  lastEventId,
  setContext,
  setExtra,
  setExtras,
  setTag,
  setTags,
  setUser,
  withScope,
};

/** See {@link getCurrentHub}. */
export type Hub = typeof hub;
