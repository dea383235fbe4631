import type { Scope } from "./scope";
import type { ScopeContext } from "./types";

/** Sets on a scope everything that is said at a call. */
export function setAll(scope: Scope, context: ScopeContext): void {
  if (context.tags) scope.setTags(context.tags);
  if (context.extra) scope.setExtras(context.extra);
  for (const [key, value] of entries(context.contexts)) scope.setContext(key, value as Record<string, unknown>);
  if (context.user !== undefined) scope.setUser(context.user);
  if (context.level) scope.setLevel(context.level);
  if (context.fingerprint) scope.setFingerprint(context.fingerprint);
  if (context.transactionName) scope.setTransactionName(context.transactionName);
  if (context.attributes) scope.setAttributes(context.attributes);
  if (Array.isArray(context.attachments)) for (const one of context.attachments) scope.addAttachment(one);
}

/** What an application gave, which may be anything; nothing of it if it does not let itself be read. */
export function entries(value: object | undefined | null): [string, unknown][] {
  try {
    return typeof value === "object" && value !== null ? Object.entries(value) : [];
  } catch {
    return [];
  }
}
