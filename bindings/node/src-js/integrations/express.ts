import type { ServerResponse } from "node:http";

import { captureObserved, lastEventId } from "../capture";
import { getIsolationScope, withIsolationScope } from "../context";
import type { Scope } from "../scope";
import { checked } from "./checked";
import { follow, HTTP_SERVER, isFollowed } from "./http-server";
import { describeRequest, type RequestLike } from "./request";
import { using } from "./using";

export type { RequestLike } from "./request";

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

/**
 * A middleware that gives every request scopes of its own. Goes before all others. Not needed for servers of
 * `node:http`, where each request has them already.
 */
export function expressRequestHandler(): RequestHandler {
  return function watchpostRequest(request, response, next) {
    if (isFollowed(request)) return next();
    const client = using(HTTP_SERVER);
    if (client) return follow(client, request, response as ServerResponse | undefined, () => next());
    withIsolationScope((scope) => {
      scope.request = () => describeRequest(request);
      next();
    });
  };
}

/** A middleware that captures errors, notes the event's id as `response.sentry`, and hands them on. Goes after all routes. */
export function expressErrorHandler(options?: ErrorHandlerOptions): ErrorHandler {
  const { shouldHandleError: wanted = isServerError } = checked("expressErrorHandler", options, { shouldHandleError: "function" });
  return function watchpostError(error, request, response, next) {
    const id = captureRequestError(error, request, "auto.http.express", wanted);
    if (id !== undefined && typeof response === "object" && response !== null) (response as { sentry?: string }).sentry = id;
    next(error);
  };
}

/** Adds {@link expressErrorHandler} to an app. */
export function setupExpressErrorHandler(app: { use(handler: ErrorHandler): unknown }, options?: ErrorHandlerOptions): void {
  app.use(expressErrorHandler(options));
}

/** Adds {@link expressErrorHandler} to an app of Connect. */
export function setupConnectErrorHandler(app: { use(handler: ErrorHandler): unknown }, options?: ErrorHandlerOptions): void {
  app.use(expressErrorHandler(options));
}

/** The names of older versions of the official SDK. */
export const Handlers = {
  requestHandler: (_options?: unknown): RequestHandler => expressRequestHandler(),
  /** Requests are transactions by themselves where `tracesSampleRate` or `tracesSampler` is set. */
  tracingHandler: (): RequestHandler => (_request, _response, next) => next(),
  errorHandler: (options?: ErrorHandlerOptions): ErrorHandler => expressErrorHandler(options),
};

/** Captures what ended a request, if it is wanted, with the request that it ended. The event's id, also of an earlier capture.
 * @internal */
export function captureRequestError(
  error: unknown,
  request: RequestLike | undefined,
  mechanism: string,
  wanted: (error: unknown) => boolean = isServerError,
): string | undefined {
  if (!decide(wanted, error)) return undefined;
  const describe = (scope: Scope): void => {
    // A request that is followed describes itself, unless the library has lost its context.
    if (request && !getIsolationScope().request) scope.request = () => describeRequest(request);
  };
  return captureObserved(error, describe, { mechanism, handled: false }) ?? lastEventId();
}

function decide(wanted: (error: unknown) => boolean, error: unknown): boolean {
  try {
    return wanted(error);
  } catch {
    return true;
  }
}

/** Answers below 500 are the visitor's affair. @internal */
export function isServerError(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return true;
  const { status, statusCode, output } = error as { status?: unknown; statusCode?: unknown; output?: { statusCode?: unknown } };
  const code = Number(status ?? statusCode ?? output?.statusCode ?? 500);
  return !(code < 500);
}
