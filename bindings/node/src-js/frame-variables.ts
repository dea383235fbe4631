import type { Shown } from "./variables";

/** The variables of one call, as they were when an error was thrown. */
export interface CallVariables {
  /** The function's name; empty for code outside of functions. */
  function: string;
  /** Its file as a stack text names it. */
  file: string;
  vars: Record<string, Shown>;
}

const known = new WeakMap<object, readonly CallVariables[]>();

/** Keeps the variables of the calls that threw `error`, the innermost first, for as long as there is the error. */
export function keepVariables(error: object, calls: readonly CallVariables[]): void {
  known.set(error, calls);
}

/** True if there are some already: the first throw of an error is the one that its stack tells of. */
export function hasVariables(error: object): boolean {
  return known.has(error);
}

/** What was kept for an error. */
export function variablesOf(error: object): readonly CallVariables[] | undefined {
  return known.get(error);
}
