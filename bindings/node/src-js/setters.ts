import type { Attachment } from "./attachment";
import type { Attributes } from "./attribute";
import { addTo } from "./breadcrumb";
import { getIsolationScope } from "./context";
import { toText } from "./json";
import { getActiveSpan } from "./tracing";
import type { Breadcrumb, BreadcrumbHint, Primitive, SeverityLevel, User } from "./types";

/** Adds a breadcrumb to the isolation scope. */
export function addBreadcrumb(breadcrumb: Breadcrumb, hint?: BreadcrumbHint): void {
  addTo(getIsolationScope(), breadcrumb, hint);
}

/** Sets a tag of the isolation scope; `null` and `undefined` remove it. */
export function setTag(key: string, value: Primitive): void {
  getIsolationScope().setTag(key, value);
}

/** Sets several tags of the isolation scope. */
export function setTags(tags: Record<string, Primitive>): void {
  getIsolationScope().setTags(tags);
}

/** Sets the user of the isolation scope; `null` forgets it. */
export function setUser(user: User | null): void {
  getIsolationScope().setUser(user);
}

/** Replaces the object under `contexts.<key>` of the isolation scope; `null` removes it. */
export function setContext(key: string, context: Record<string, unknown> | null): void {
  getIsolationScope().setContext(key, context);
}

/** Sets an extra value of the isolation scope. */
export function setExtra(key: string, value: unknown): void {
  getIsolationScope().setExtra(key, value);
}

/** Sets several extra values of the isolation scope. */
export function setExtras(extras: Record<string, unknown>): void {
  getIsolationScope().setExtras(extras);
}

/** Sets an attribute of all logs, metrics and streamed spans of the isolation scope. */
export function setAttribute(key: string, value: unknown): void {
  getIsolationScope().setAttribute(key, value);
}

/** Sets several attributes of the isolation scope. */
export function setAttributes(attributes: Attributes): void {
  getIsolationScope().setAttributes(attributes);
}

/** Removes an attribute of the isolation scope. */
export function removeAttribute(key: string): void {
  getIsolationScope().removeAttribute(key);
}

/** Notes that a feature flag was asked for. */
export function addFeatureFlag(flag: string, result: boolean): void {
  getIsolationScope().addFeatureFlag(flag, result);
}

/** Adds a file that goes with every event of the isolation scope. */
export function addAttachment(attachment: Attachment): void {
  getIsolationScope().addAttachment(attachment);
}

/** Forgets the attachments of the isolation scope. */
export function clearAttachments(): void {
  getIsolationScope().clearAttachments();
}

/** Overrides the level of the isolation scope's events. */
export function setLevel(level: SeverityLevel | null): void {
  getIsolationScope().setLevel(level);
}

/** Overrides the grouping of the isolation scope's events. */
export function setFingerprint(fingerprint: string[]): void {
  getIsolationScope().setFingerprint(fingerprint);
}

/** Names the route or task, and the transaction under way. */
export function setTransactionName(name: string | null): void {
  if (name !== null && name !== undefined) getActiveSpan()?.nameTransaction(toText(name));
  getIsolationScope().setTransactionName(name);
}
