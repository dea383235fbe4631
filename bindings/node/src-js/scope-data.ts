import type { Scope } from "./scope";
import type { Span } from "./span";
import type { Breadcrumb, EventProcessor, Primitive, RecordedEvent, SeverityLevel, User } from "./types";

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
