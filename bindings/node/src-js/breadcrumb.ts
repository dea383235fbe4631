import { getClient, say } from "./client";
import { objectToJson, toText } from "./json";
import type { Scope } from "./scope";
import type { Breadcrumb, BreadcrumbHint } from "./types";

/** Adds a breadcrumb to a scope, through the hook. Never throws. @internal */
export function addTo(scope: Scope, breadcrumb: Breadcrumb, hint: BreadcrumbHint | undefined): void {
  const client = getClient();
  if (!client || client.closed) return;
  try {
    const { message, category, data, level, type, timestamp, origin } = breadcrumb;
    const dispatcher = client.crumbDispatcher;
    const add = (): string | null =>
      client.native.addBreadcrumb(
        scope.handle(),
        dispatcher,
        text(message),
        text(category),
        data === undefined ? undefined : objectToJson(data),
        text(level),
        text(type),
        time(timestamp),
        text(origin),
      );
    const refused = dispatcher ? client.hooks.during({ hint: hint ?? {}, processors: [] }, add) : add();
    if (refused) say(`a breadcrumb was refused: ${refused}`);
  } catch (error) {
    say(`addBreadcrumb failed: ${toText(error)}`);
  }
}

function text(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? undefined : toText(value);
}

function time(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  return value instanceof Date ? value.getTime() / 1000 : undefined;
}
