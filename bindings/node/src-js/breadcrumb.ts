import { getClient, say, type Client } from "./client";
import { objectToJson, toText } from "./json";
import { native, type NativeClient, type NativeScope } from "./native";
import type { Scope } from "./scope";
import { step, type Step } from "./trail";
import type { Breadcrumb, BreadcrumbHint } from "./types";

let aimedBy: NativeClient | undefined;
let aimedAt: NativeScope | undefined;

/** Adds a breadcrumb to a scope, through the hook. Never throws. @internal */
export function addTo(scope: Scope, breadcrumb: Breadcrumb, hint: BreadcrumbHint | undefined): void {
  const client = getClient();
  if (!client?.isEnabled) return;
  try {
    if (client.crumbDispatcher) {
      client.hooks.during({ hint: hint ?? {}, processors: [] }, () => add(client, scope, breadcrumb));
    } else {
      add(client, scope, breadcrumb);
    }
  } catch (error) {
    say(`addBreadcrumb failed: ${toText(error)}`);
  }
}

function add(client: Client, scope: Scope, breadcrumb: Breadcrumb): void {
  if (client.holdsBreadcrumbs && scope.holdsBreadcrumbs) {
    if (client.hooks.running) return;
    const held = plain(client, breadcrumb);
    if (held) return scope.hold(held, client.maxBreadcrumbs);
  }
  addNow(client, scope, breadcrumb);
}

/** Nothing for what is not plain, or throws when it is read. */
function plain(client: Client, breadcrumb: Breadcrumb): Step | undefined {
  try {
    return step(breadcrumb, client.testNow());
  } catch {
    return undefined;
  }
}

function addNow(client: Client, scope: Scope, breadcrumb: Breadcrumb): void {
  const { message, category, data, level, type, timestamp, origin } = breadcrumb;
  const json = data === undefined ? undefined : objectToJson(data);
  const handle = scope.handleToChange();
  if (aimedAt !== handle || aimedBy !== client.native) {
    native.aimBreadcrumbs(client.native, handle);
    aimedAt = handle;
    aimedBy = client.native;
  }
  const refused = native.addBreadcrumb(
    text(message),
    text(category),
    json,
    text(level),
    text(type),
    time(timestamp),
    text(origin),
    client.crumbDispatcher,
  );
  if (refused) say(`a breadcrumb was refused: ${refused}`);
}

function text(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? undefined : toText(value);
}

function time(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  return value instanceof Date ? value.getTime() / 1000 : undefined;
}
