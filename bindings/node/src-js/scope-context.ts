import type { Scope } from "./scope";
import type { Span } from "./span";
import type { Breadcrumb, EventProcessor, Primitive, RecordedEvent, ScopeContext, SeverityLevel, User } from "./types";

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

/** What a scope holds. Attachments and the trace are the core's, and not told. */
export interface ScopeData {
  breadcrumbs: Breadcrumb[];
  contexts: Record<string, Record<string, unknown> | undefined>;
  eventProcessors: EventProcessor[];
  extra: Record<string, unknown>;
  fingerprint: string[];
  level?: SeverityLevel;
  span?: Span;
  tags: Record<string, Primitive>;
  transactionName?: string;
  user: User;
}

/** From an event that has the scope's data alone, as JSON. @internal */
export function scopeData(contents: string, { processors, span }: Scope): ScopeData {
  const event = JSON.parse(contents) as RecordedEvent;
  const { breadcrumbs, contexts = {}, extra = {}, fingerprint = [], level, tags = {}, transaction, user = {} } = event;
  return {
    breadcrumbs: breadcrumbs?.values ?? [],
    contexts,
    eventProcessors: [...processors],
    extra,
    fingerprint,
    tags,
    user,
    ...(level === undefined ? {} : { level }),
    ...(span === undefined ? {} : { span }),
    ...(transaction === undefined ? {} : { transactionName: transaction }),
  };
}
