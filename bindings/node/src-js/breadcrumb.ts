import { getClient, say, type Client } from "./client";
import { objectToJson, toText } from "./json";
import { native } from "./native";
import type { Scope } from "./scope";
import type { Breadcrumb, BreadcrumbHint } from "./types";

let aimedBy: Client | undefined;
let aimedAt: Scope | undefined;

/** Adds a breadcrumb to a scope, through the hook. Never throws. @internal */
export function addTo(scope: Scope, breadcrumb: Breadcrumb, hint: BreadcrumbHint | undefined): void {
  const client = getClient();
  if (!client || client.closed) return;
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
  const { message, category, data, level, type, timestamp, origin } = breadcrumb;
  const json = data === undefined ? undefined : objectToJson(data);
  if (aimedAt !== scope || aimedBy !== client) {
    native.aimBreadcrumbs(client.native, scope.handle());
    aimedAt = scope;
    aimedBy = client;
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
