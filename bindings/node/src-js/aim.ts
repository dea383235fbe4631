import { native, type NativeClient, type NativeScope } from "./native";

let client: NativeClient | undefined;
let isolation: NativeScope | undefined;
let current: NativeScope | undefined;

/** Says where the next captures go, unless the addon knows: it would check the class of each of them at every call. */
export function aim(by: NativeClient, at: NativeScope, within: NativeScope | undefined): void {
  if (client === by && isolation === at && current === within) return;
  native.aimCaptures(by, at, within);
  client = by;
  isolation = at;
  current = within;
}

/** A scope is another one to the addon now, though its handle is the same. */
export function loseAim(): void {
  client = undefined;
}
