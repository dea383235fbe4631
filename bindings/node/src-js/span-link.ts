import type { SpanLink } from "./tracing-types";

/** A link as the core takes it; nothing for what is none. @internal */
export function linkOf(link: SpanLink): Record<string, unknown> | undefined {
  const context = link?.context;
  if (typeof context?.traceId !== "string" || typeof context.spanId !== "string") return undefined;
  const json: Record<string, unknown> = { trace_id: context.traceId, span_id: context.spanId };
  if (typeof context.traceFlags === "number") json.sampled = (context.traceFlags & 1) === 1;
  if (link.attributes) json.attributes = link.attributes;
  return json;
}

/** Links as the core takes them. @internal */
export function linksToJson(links: SpanLink[] | undefined): string | undefined {
  if (!Array.isArray(links) || links.length === 0) return undefined;
  return JSON.stringify(links.map(linkOf).filter((link) => link !== undefined));
}
