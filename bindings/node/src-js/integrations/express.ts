import { captureObserved } from "../capture";
import { withIsolationScope } from "../context";
import type { IncomingRequest } from "../types";

/** What we need to know of a request of Express, or of anything like it. */
export interface RequestLike {
  method?: string;
  url?: string;
  originalUrl?: string;
  protocol?: string;
  baseUrl?: string;
  route?: { path?: unknown };
  headers?: Record<string, string | string[] | undefined>;
  socket?: { remoteAddress?: string; encrypted?: boolean };
}

/** A middleware. */
export type RequestHandler = (request: RequestLike, response: unknown, next: (error?: unknown) => void) => void;
/** A middleware that sees errors. */
export type ErrorHandler = (
  error: unknown,
  request: RequestLike,
  response: unknown,
  next: (error?: unknown) => void,
) => void;

/** Which errors are captured. */
export interface ErrorHandlerOptions {
  /** By default those without a status and those from 500. */
  shouldHandleError?: (error: unknown) => boolean;
}

/** A middleware that gives every request scopes of its own. Goes before all others. */
export function expressRequestHandler(): RequestHandler {
  return function watchpostRequest(request, _response, next) {
    withIsolationScope((scope) => {
      scope.request = () => readRequest(request);
      next();
    });
  };
}

/** A middleware that captures errors and hands them on. Goes after all routes. */
export function expressErrorHandler(options: ErrorHandlerOptions = {}): ErrorHandler {
  const wanted = options.shouldHandleError ?? isServerError;
  return function watchpostError(error, request, _response, next) {
    if (decide(wanted, error)) {
      const context = (scope: { request?: () => IncomingRequest; setTransactionName(name: string): unknown }): void => {
        scope.request = () => readRequest(request);
        const name = routeName(request);
        if (name) scope.setTransactionName(name);
      };
      captureObserved(error, context, { mechanism: "auto.http.express", handled: false });
    }
    next(error);
  };
}

/** Adds {@link expressErrorHandler} to an app. */
export function setupExpressErrorHandler(app: { use(handler: ErrorHandler): unknown }, options?: ErrorHandlerOptions): void {
  app.use(expressErrorHandler(options));
}

function decide(wanted: (error: unknown) => boolean, error: unknown): boolean {
  try {
    return wanted(error);
  } catch {
    return true;
  }
}

function isServerError(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return true;
  const { status, statusCode } = error as { status?: unknown; statusCode?: unknown };
  const code = Number(status ?? statusCode ?? 500);
  return !(code < 500);
}

function routeName(request: RequestLike): string | undefined {
  const path = request.route?.path;
  return typeof path === "string" ? `${request.method ?? "GET"} ${request.baseUrl ?? ""}${path}` : undefined;
}

/** All that is known; what of it is collected is the core's decision. */
function readRequest(request: RequestLike): IncomingRequest {
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
  const data: IncomingRequest = { url: `${scheme}://${host}${request.originalUrl ?? request.url ?? "/"}`, headers };
  if (request.method) data.method = request.method;
  if (request.socket?.remoteAddress) data.remote_addr = request.socket.remoteAddress;
  return data;
}
