import { AsyncLocalStorage } from "node:async_hooks";

import { native } from "./native";
import { Scope } from "./scope";

/** The scopes of the running work. */
export interface Active {
  readonly isolation: Scope;
  readonly current: Scope;
}

// Costs nothing until `run` is called first.
const storage = new AsyncLocalStorage<Active>();
let root: Active | undefined;
let globalScope: Scope | undefined;

/** What is active here: what `withScope` and `withIsolationScope` around it made, else what the process began with. */
export function active(): Active {
  return storage.getStore() ?? (root ??= { isolation: new Scope(), current: new Scope() });
}

/** The scope of one block of code. */
export function getCurrentScope(): Scope {
  return active().current;
}

/** The scope of one piece of work, like a request. The top-level setters write to it. */
export function getIsolationScope(): Scope {
  return active().isolation;
}

/** The scope of the process. */
export function getGlobalScope(): Scope {
  return (globalScope ??= Scope.of(native.NativeScope.global()));
}

/** The processors of the global scope, without making it. @internal */
export function globalProcessors(): Scope["processors"] {
  return globalScope ? globalScope.processors : [];
}

/** Runs `callback` with a fork of the current scope, also what it starts and what it awaits. */
export function withScope<T>(callback: (scope: Scope) => T): T;
/** Runs `callback` with `scope` as the current one. */
export function withScope<T>(scope: Scope, callback: (scope: Scope) => T): T;
export function withScope<T>(first: Scope | ((scope: Scope) => T), second?: (scope: Scope) => T): T {
  const { isolation, current } = active();
  const [scope, callback] = typeof first === "function" ? [current.fork(), first] : [first, second];
  if (typeof callback !== "function") return undefined as T;
  return storage.run({ isolation, current: scope }, callback, scope);
}

/** Runs `callback` with forks of the isolation and the current scope: for a request, a job, a message. */
export function withIsolationScope<T>(callback: (scope: Scope) => T): T;
/** Runs `callback` with `scope` as the isolation scope. */
export function withIsolationScope<T>(scope: Scope, callback: (scope: Scope) => T): T;
export function withIsolationScope<T>(first: Scope | ((scope: Scope) => T), second?: (scope: Scope) => T): T {
  const { isolation, current } = active();
  const [fork, callback] = typeof first === "function" ? [isolation.forkIsolation(), first] : [first, second];
  if (typeof callback !== "function") return undefined as T;
  return storage.run({ isolation: fork, current: current.forkBare() }, callback, fork);
}

/** Runs `callback` with `scope` as the current one, also what it starts and what it awaits. @internal */
export function within<A extends unknown[], T>(scope: Scope, callback: (...given: A) => T, ...given: A): T {
  return storage.run({ isolation: active().isolation, current: scope }, callback, ...given);
}

/** Runs `work` with these scopes, also what it starts and what it awaits. @internal */
export function runWith<T>(scopes: Active, work: () => T): T {
  return storage.run(scopes, work);
}

/** Forgets everything, between tests. @internal */
export function resetScopes(): void {
  root = undefined;
  globalScope = undefined;
}
