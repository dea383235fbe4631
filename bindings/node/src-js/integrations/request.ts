import { getClient } from "../client";
import type { IncomingRequest } from "../types";
import { expressRoute, type ApplicationLike } from "./express-route";
import { readBody } from "./request-body";

/** What Next.js notes on a request, the route that it took among it. It names that in no other way, but to OpenTelemetry. */
const NEXT_META: unique symbol = Symbol.for("NextInternalRequestMeta");

/** What we need to know of a request of Node's server, or of a framework's that stands on it. */
export interface RequestLike {
  method?: string | undefined;
  url?: string | undefined;
  originalUrl?: string;
  protocol?: string;
  baseUrl?: string;
  route?: { path?: unknown };
  /** What a framework has parsed. */
  body?: unknown;
  app?: ApplicationLike;
  headers?: Record<string, string | string[] | undefined>;
  socket?: { remoteAddress?: string | undefined; encrypted?: boolean };
  [NEXT_META]?: { match?: { definition?: { pathname?: string } } };
}

/** Routes that frameworks have told. */
const routes = new WeakMap<object, string>();

/** Says which route a request took, as its pattern. */
export function tellRoute(request: object | undefined, route: unknown): void {
  if (request && typeof route === "string" && route !== "") routes.set(request, route);
}

/** The pattern of the route that a request took, once it is known. */
export function routeOf(request: RequestLike): string | undefined {
  const told = routes.get(request);
  if (told !== undefined) return told;
  return (request.route && expressRoute(request)) ?? request[NEXT_META]?.match?.definition?.pathname;
}

/** The path of a target, without its query. */
export function pathOf(target: string): string {
  const end = target.indexOf("?");
  return end < 0 ? target : target.slice(0, end);
}

/** All that is known when an event happens; what of it is collected is the core's decision. */
export function describeRequest(request: RequestLike): IncomingRequest {
  const known = readRequest(request);
  const body = (getClient()?.bodyLimit ?? 0) > 0 ? readBody(request) : undefined;
  return body === undefined ? known : { ...known, body };
}

/** The same without the body. */
export function readRequest(request: RequestLike): IncomingRequest {
  const headers: [string, string][] = [];
  let host = "localhost";
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one === undefined) continue;
      headers.push([name, String(one)]);
      if (name === "host") host = String(one);
    }
  }
  const scheme = request.protocol ?? (request.socket?.encrypted ? "https" : "http");
  const target = request.originalUrl ?? request.url ?? "/";
  const method = request.method ?? "GET";
  const data: IncomingRequest = {
    url: `${scheme}://${host}${target}`,
    headers,
    transaction: `${method} ${routeOf(request) ?? pathOf(target)}`,
  };
  if (request.method) data.method = request.method;
  if (request.socket?.remoteAddress) data.remote_addr = request.socket.remoteAddress;
  return data;
}
