import type { Page } from "./types";

/** A failed call: what was asked, what came back. `status` is 0 when no answer came. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly what: string,
    readonly detail: string,
  ) {
    super(`${what}: ${detail}`);
    this.name = "ApiError";
  }
}

/** The reason alone, for a line that has already said what failed. */
export function reasonOf(error: unknown): string {
  return error instanceof ApiError ? error.detail : String(error);
}

export type Query = Record<string, string | number | undefined | string[]>;

export async function getJson<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return (await call("GET", path, query, undefined, signal)).json() as Promise<T>;
}

/** A list and its neighbours, read from the `Link` header. */
export async function getPage<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Page<T>> {
  const response = await call("GET", path, query, undefined, signal);
  const links = parseLink(response.headers.get("link") ?? "");
  const hits = response.headers.get("x-hits");
  return { items: (await response.json()) as T[], ...links, hits: hits ? Number(hits) : undefined };
}

/** A write. The header marks it as coming from this page, which a form on another site cannot send. */
export async function send<T>(method: "POST" | "PUT" | "DELETE", path: string, body: unknown, query: Query = {}): Promise<T | undefined> {
  const response = await call(method, path, query, body);
  const text = await response.text();
  return text && response.headers.get("content-type")?.includes("json") ? (JSON.parse(text) as T) : undefined;
}

/** `Link: <url>; rel="next"; results="true"; cursor="0:25:0"`: only cursors that lead somewhere. */
export function parseLink(header: string): { next?: string; previous?: string } {
  const links: { next?: string; previous?: string } = {};
  for (const part of header.split(/,\s*(?=<)/)) {
    const attributes: Record<string, string> = {};
    for (const match of part.matchAll(/(\w+)="([^"]*)"/g)) attributes[match[1]!] = match[2]!;
    const rel = attributes.rel;
    if ((rel === "next" || rel === "previous") && attributes.results === "true" && attributes.cursor) links[rel] = attributes.cursor;
  }
  return links;
}

export function buildUrl(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) parameters.append(key, String(one));
  }
  const tail = parameters.toString();
  return `/api/0/${path}${tail ? `?${tail}` : ""}`;
}

async function call(method: string, path: string, query: Query, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const what = `${method} ${buildUrl(path)}`;
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") headers["X-Watchpost-Request"] = "1";
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(buildUrl(path, query), {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      signal,
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiError(0, what, "the server did not answer. Is it running?");
  }
  if (!response.ok) throw new ApiError(response.status, what, await readDetail(response));
  return response;
}

/** The server's own words if it gave any (`{"detail"}` or `{"field": ["..."]}`), else the status. */
async function readDetail(response: Response): Promise<string> {
  const fallback = `${response.status} ${response.statusText}`.trim();
  try {
    const body: unknown = await response.json();
    if (typeof body !== "object" || body === null) return fallback;
    const detail = (body as { detail?: unknown }).detail;
    if (typeof detail === "string") return detail;
    const fields = Object.entries(body).filter((entry): entry is [string, string[]] => Array.isArray(entry[1]));
    return fields.map(([field, messages]) => `${field}: ${messages.join(" ")}`).join(" · ") || fallback;
  } catch {
    return fallback;
  }
}
