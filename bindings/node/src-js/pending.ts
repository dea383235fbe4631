import { say } from "./client";
import type { NativeScope } from "./native";

/** What of a scope can be set later than it was said. */
export type Setter =
  | "setTag"
  | "removeTag"
  | "setExtra"
  | "setContext"
  | "setUser"
  | "setLevel"
  | "setFingerprint"
  | "setTransactionName"
  | "setAttribute"
  | "removeAttribute"
  | "addFeatureFlag"
  | "removeFeatureFlag";

/** What was set and has not been handed over. A list that only grows at its head, so that a fork shares it. */
export interface Pending {
  before: Pending | undefined;
  setter: Setter;
  key: unknown;
  value: unknown;
  length: number;
}

/** Hands over one setting. */
export function hand(handle: NativeScope, { setter, key, value }: Pending): void {
  const set = handle[setter] as (this: NativeScope, key: unknown, value: unknown) => string | null | undefined;
  const refused = set.call(handle, key, value);
  if (refused) say(`${setter} was refused: ${refused}`);
}

/** Hands over all of them, in the order in which they were set. */
export function handAll(handle: NativeScope, newest: Pending): void {
  const list: Pending[] = [];
  for (let at: Pending | undefined = newest; at; at = at.before) list.push(at);
  while (list.length > 0) hand(handle, list.pop() as Pending);
}
