import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

import { say, type Client } from "../client";
import { active, runWith, type Active } from "../context";
import type { Integration } from "../integration";
import { toText } from "../json";
import { Itself } from "../mark";
import type { NativeExchange } from "../native";
import { traceHeaders } from "../propagation";
import { Span } from "../span";
import { Connection, statusOf, type Exchange } from "./connection";
import { FollowedRequest } from "./followed-request";
import { describeRequest, pathOf, readRequest, routeOf, type RequestLike } from "./request";
import { watchBody } from "./request-body";
import { checked } from "./checked";
import { guardedAnswer, onlyOnce, using, usingWith } from "./using";

/** @internal */
export const HTTP_SERVER = "Http.Server";

/** Which requests that the application answers are told of, and how. */
export interface HttpServerOptions {
  /** True for a request that makes no transaction; it gets its target, with the query. Scopes and session stay. */
  ignoreIncomingRequests?: (target: string, request: IncomingMessage) => boolean;
  /** False: no request makes a transaction. */
  spans?: boolean;
  /** False: requests are not counted as sessions. */
  sessions?: boolean;
  /** True for a request whose body is left alone. */
  ignoreRequestBody?: (target: string, request: IncomingMessage) => boolean;
}

/** @internal */
export const SERVER_OPTIONS = {
  ignoreIncomingRequests: "function",
  spans: "boolean",
  sessions: "boolean",
  ignoreRequestBody: "function",
} as const;

const ORIGIN = "auto.http.node";
const patched = new WeakSet<Server>();

/** A mark on a request. */
class Followed extends Itself {
  #mark = true;

  static has(request: object): boolean {
    return #mark in request;
  }
}

/**
 * Requests that servers of `node:http` and `node:https` answer, whatever framework stands on them; there by default.
 * Gives each request scopes, a session and, with tracing, a transaction that continues the trace of its headers.
 *
 * The channel speaks before the server emits `request`, so a server's `emit` is wrapped at its first request.
 */
export function httpServerIntegration(options?: HttpServerOptions): Integration {
  return { name: HTTP_SERVER, options: checked("httpServerIntegration", options, SERVER_OPTIONS), setupOnce: watchServers };
}

/** @internal */
export const watchServers = onlyOnce(() => {
  subscribe("http.server.request.start", (message) => {
    const { server } = message as { server?: Server };
    if (server && !patched.has(server)) wrap(server);
  });
  subscribe("http.server.response.finish", (message) => Connection.finish(message as Exchange));
});

/** True if the scopes of this request are its own already. */
export function isFollowed(request: object): boolean {
  return Followed.has(request);
}

/** Runs `answer` with scopes of its own for `request`; its connection is that of a server which says when answers are complete. */
export function follow<T>(
  client: Client,
  request: RequestLike,
  response: ServerResponse | undefined,
  answer: () => T,
  socket?: Socket,
): T {
  if (!Followed.has(request)) new Followed(request);
  let own: Active;
  try {
    own = begin(client, request, response, socket);
  } catch (error) {
    say(`a request could not be followed: ${toText(error)}`);
    return answer();
  }
  return runWith(own, answer);
}

function wrap(server: Server): void {
  patched.add(server);
  const emit = server.emit;
  server.emit = function (this: Server, event: string): boolean {
    const client = event === "request" ? using(HTTP_SERVER) : undefined;
    const given = arguments as unknown as [string, IncomingMessage, ServerResponse];
    if (!client) return Reflect.apply(emit, this, given);
    const request = given[1];
    // Of HTTP/2, which some servers speak as well, no channel tells.
    const socket = request.httpVersionMajor === 1 ? request.socket : undefined;
    return follow(client, request, given[2], () => Reflect.apply(emit, this, given), socket);
  } as typeof emit;
}

function begin(client: Client, request: RequestLike, response: ServerResponse | undefined, socket: Socket | undefined): Active {
  const options = usingWith<HttpServerOptions>(HTTP_SERVER);
  if (client.bodyLimit > 0 && !isIgnored(options?.ignoreRequestBody, request)) watchBody(request, client.bodyLimit);
  const { "sentry-trace": trace, traceparent } = request.headers ?? {};
  const untraced = options?.spans === false || isIgnored(options?.ignoreIncomingRequests, request);
  if (untraced || (!trace && !traceparent && !client.isTracingOn)) {
    const own = new FollowedRequest(active(), request);
    if (client.followsRequests && response && options?.sessions !== false) {
      own.count(client);
      if (socket) Connection.begin(socket, response, own);
      else response.once("close", () => own.end(statusOf(response)));
    }
    if (trace || traceparent) client.native.continueTrace(own.isolation.core(), traceHeaders(request.headers ?? {}));
    return own;
  }
  return beginTraced(client, request, response);
}

function beginTraced(client: Client, request: RequestLike, response: ServerResponse | undefined): Active {
  const { isolation, current } = active();
  const own: Active = { isolation: isolation.forkIsolation(), current: current.forkBare() };
  own.isolation.request = () => describeRequest(request);
  const { "sentry-trace": trace, traceparent, baggage } = request.headers ?? {};
  const method = request.method ?? "GET";
  const path = pathOf(request.originalUrl ?? request.url ?? "/");
  const start = () =>
    client.native.beginExchange(
      own.isolation.core(),
      own.current.core(),
      method,
      path,
      ORIGIN,
      text(trace),
      text(baggage),
      text(traceparent),
      client.samplerDispatcher,
    );
  const exchange = client.samplerDispatcher
    ? client.hooks.during({ hint: {}, processors: [], sampling: { normalizedRequest: readRequest(request) } }, start)
    : start();
  if (!exchange) return own;
  const native = exchange.span;
  const making = { native, recording: native.isRecording, scopes: [own.isolation, own.current] };
  const span = new Span(client, { name: `${method} ${path}`, op: "http.server" }, making);
  own.current.span = span;
  // A route is found after the request has begun. What the application named itself keeps its name.
  // One that is not recorded has no name to ask for, and its ids are costly to tell.
  const nameOf = (): string | undefined => (making.recording ? span.toJSON().description : undefined);
  const named = nameOf();
  const settle = (): void => {
    const route = routeOf(request);
    if (route !== undefined && nameOf() === named) exchange.routed(route);
  };
  own.isolation.request = () => {
    settle();
    return describeRequest(request);
  };
  response?.once("close", () => end(exchange, span, settle, response));
  return own;
}

function isIgnored(rule: HttpServerOptions["ignoreIncomingRequests"], request: RequestLike): boolean {
  if (rule === undefined) return false;
  return guardedAnswer(() => rule(request.originalUrl ?? request.url ?? "/", request as IncomingMessage));
}

function end(exchange: NativeExchange, span: Span, settle: () => void, response: ServerResponse): void {
  try {
    settle();
    const answered = response.headersSent;
    if (answered) span.setHttpStatus(response.statusCode);
    else span.setStatus("cancelled");
    span.end();
    if (answered) exchange.answered(response.statusCode);
    else exchange.cancelled();
  } catch (error) {
    say(`the end of a request was not reported: ${toText(error)}`);
  }
}

function text(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(",") : header;
}
