import { subscribe } from "node:diagnostics_channel";
import type { ClientRequest, IncomingMessage } from "node:http";

import { say } from "../client";
import { active } from "../context";
import type { Integration } from "../integration";
import { toText } from "../json";
import type { CarriedTrace, NativeCall } from "../native";
import { checked } from "./checked";
import { guardedAnswer, onlyOnce, using, usingWith } from "./using";

/** @internal */
export const HTTP_CLIENT = "Http.Client";
const FETCH = "NodeFetch";

interface OutgoingOptions<R> {
  /** True for a request that is none of the SDK's business: no span, no breadcrumb, no headers. It gets the whole address. */
  ignoreOutgoingRequests?: (url: string, request: R) => boolean;
  /** False: no breadcrumbs. */
  breadcrumbs?: boolean;
  /** False: no spans. */
  spans?: boolean;
  /** False: no request takes the trace along. */
  tracePropagation?: boolean;
}

/** Which requests of `node:http` are told of, and how. */
export type HttpClientOptions = OutgoingOptions<ClientRequest>;

/** The same for `fetch`; the request is undici's. */
export type FetchOptions = OutgoingOptions<{ origin?: string | URL; path?: string; method?: string }>;

/** @internal */
export const CLIENT_OPTIONS = {
  ignoreOutgoingRequests: "function",
  breadcrumbs: "boolean",
  spans: "boolean",
  tracePropagation: "boolean",
} as const;

const calls = new WeakMap<object, NativeCall>();

/**
 * Requests that the application makes with `node:http`, `node:https` and what stands on them; there by default. Each is a
 * span and a breadcrumb, and takes the trace along where it may.
 */
export function httpClientIntegration(options?: HttpClientOptions): Integration {
  return { name: HTTP_CLIENT, options: checked("httpClientIntegration", options, CLIENT_OPTIONS), setupOnce: watchHttpClient };
}

/** The same for `fetch` and undici; there by default. */
export function nativeNodeFetchIntegration(options?: FetchOptions): Integration {
  const known = { ...CLIENT_OPTIONS, requestHook: "idle", responseHook: "idle", headersToSpanAttributes: "idle" } as const;
  return { name: FETCH, options: checked("nativeNodeFetchIntegration", options, known), setupOnce: watchFetch };
}

/** @internal */
export const watchHttpClient = onlyOnce(() => {
  const started = guarded(({ request }: { request: ClientRequest }) => begin(request));
  if (speaksOfCreation()) subscribe("http.client.request.created", started);
  else beforeHeaders((request) => started({ request }));
  subscribe(
    "http.client.response.finish",
    guarded(({ request, response }: { request: ClientRequest; response: IncomingMessage }) =>
      end(HTTP_CLIENT, request, response.statusCode),
    ),
  );
  subscribe("http.client.request.error", guarded(({ request }: { request: ClientRequest }) => end(HTTP_CLIENT, request, undefined)));
});

function watchFetch(): void {
  subscribe("undici:request:create", guarded(beginFetch));
  subscribe(
    "undici:request:headers",
    guarded(({ request, response }: { request: object; response: { statusCode: number } }) =>
      end(FETCH, request, response.statusCode),
    ),
  );
  subscribe("undici:request:error", guarded(({ request }: { request: object }) => end(FETCH, request, undefined)));
}

/** Added to Node in 22.12 and 23.2. */
function speaksOfCreation(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  return major > 23 || (major === 23 && minor >= 2) || (major === 22 && minor >= 12);
}

/** Older Node only speaks when the headers are written already, so we look right before they are. */
function beforeHeaders(look: (request: ClientRequest) => void): void {
  const { ClientRequest } = require("node:http") as typeof import("node:http");
  const prototype = ClientRequest.prototype as ClientRequest & { _implicitHeader?: () => void };
  const write = prototype._implicitHeader;
  if (typeof write !== "function") return say("requests of node:http take no trace along: this version of Node is not known");
  prototype._implicitHeader = function (this: ClientRequest) {
    look(this);
    return write.call(this);
  };
}

function begin(request: ClientRequest): void {
  if (calls.has(request)) return;
  const scheme = request.protocol.replace(/:$/, "");
  const host = request.getHeader("host") ?? request.host;
  const call = start(HTTP_CLIENT, "auto.http.node", request, request.method, `${scheme}://${String(host)}${request.path}`);
  if (!call || request.headersSent) return;
  const own = request.getHeader("baggage");
  if (request.getHeader("sentry-trace") !== undefined) return;
  carry(call, own === undefined ? undefined : String(own), (name, value) => request.setHeader(name, value));
}

interface UndiciRequest {
  method?: string;
  origin?: string | URL;
  path?: string;
  headers?: string | string[];
  addHeader?(name: string, value: string): void;
}

function beginFetch({ request }: { request: UndiciRequest }): void {
  const call = start(FETCH, "auto.http.fetch", request, request.method ?? "GET", `${String(request.origin)}${request.path ?? "/"}`);
  if (!call || typeof request.addHeader !== "function") return;
  const known = knownHeaders(request.headers);
  if (known.has("sentry-trace")) return;
  // What is there cannot be replaced, and of two headers of one name both count.
  carry(call, undefined, (name, value) => request.addHeader?.(name, value));
}

/** undici holds headers as one text, or as a list of names and values in turn. */
function knownHeaders(headers: string | string[] | undefined): Set<string> {
  if (Array.isArray(headers)) return new Set(headers.filter((_, at) => at % 2 === 0).map((name) => String(name).toLowerCase()));
  const lines = (headers ?? "").split("\r\n");
  return new Set(lines.map((line) => line.slice(0, Math.max(0, line.indexOf(":"))).toLowerCase()));
}

function start(name: string, origin: string, request: object, method: string, url: string): NativeCall | undefined {
  const client = using(name);
  const options = usingWith<OutgoingOptions<object>>(name);
  if (!client || !options) return undefined;
  const { isolation, current } = active();
  if (current.suppressed) return undefined;
  const { ignoreOutgoingRequests: ignore, spans = true, breadcrumbs = true } = options;
  if (ignore && guardedAnswer(() => ignore(url, request))) return undefined;
  const call = client.native.beginCall(isolation.core(), current.handle(), method, url, origin, spans, breadcrumbs);
  if (!call) return undefined;
  calls.set(request, call);
  // Ended it is, though it carries nothing.
  return options.tracePropagation === false ? undefined : call;
}

function carry(call: NativeCall, baggage: string | undefined, set: (name: string, value: string) => void): void {
  const carried: CarriedTrace | null = call.headers(baggage);
  if (!carried) return;
  set("sentry-trace", carried.sentryTrace);
  if (carried.baggage !== "") set("baggage", carried.baggage);
  if (carried.traceparent !== undefined && carried.traceparent !== null) set("traceparent", carried.traceparent);
}

function end(name: string, request: object, status: number | undefined): void {
  const call = calls.get(request);
  if (!call) return;
  calls.delete(request);
  call.finish(status, using(name)?.crumbDispatcher);
}

/** A subscriber that never throws: Node would make an uncaught exception of it. */
function guarded<T>(run: (message: T) => void): (message: unknown) => void {
  return (message) => {
    try {
      run(message as T);
    } catch (error) {
      say(`a request of the application was not followed: ${toText(error)}`);
    }
  };
}
