import { subscribe } from "node:diagnostics_channel";

import type { Integration } from "../integration";
import { captureRequestError, isServerError } from "./express";
import { tellRoute, type RequestLike } from "./request";
import { checked } from "./checked";
import { usingWith } from "./using";

const FASTIFY = "Fastify";

const MECHANISM = "auto.http.fastify";

/** Servers whose applications have the hook, which decides which errors count. */
const hooked = new WeakSet<object>();

interface FastifyRequest {
  raw: RequestLike;
  server?: { server: object };
  routeOptions?: { url?: unknown };
}

/** Which errors are captured. */
export interface FastifyOptions {
  /** By default those without a status and those from 500. */
  shouldHandleError?: (error: unknown, request: unknown, reply: unknown) => boolean;
}

/** Routes and errors of Fastify 5, which speaks of each request by itself; there by default. */
export function fastifyIntegration(options?: FastifyOptions): Integration {
  const given = checked("fastifyIntegration", options, { shouldHandleError: "function" });
  return { name: FASTIFY, options: given, setupOnce: watchFastify };
}

function watchFastify(): void {
  subscribe("tracing:fastify.request.handler:start", (message) => {
    const { request, route } = message as { request?: FastifyRequest; route?: { url?: unknown } };
    tellRoute(request?.raw, route?.url);
  });
  subscribe("tracing:fastify.request.handler:error", (message) => {
    const { request, reply, error } = message as { request?: FastifyRequest; reply?: unknown; error?: unknown };
    const byHook = request?.server && hooked.has(request.server.server);
    const options = usingWith<FastifyOptions>(FASTIFY);
    if (options && !byHook) captureRequestError(error, request?.raw, MECHANISM, wantedBy(options, request, reply));
  });
}

function wantedBy({ shouldHandleError: wanted }: FastifyOptions, request: unknown, reply: unknown): (error: unknown) => boolean {
  return wanted ? (error) => wanted(error, request, reply) : isServerError;
}

interface FastifyLike {
  server?: object;
  addHook(name: string, hook: (request: never, reply: never, error: never) => Promise<void>): unknown;
}

/** Captures errors of an application of Fastify, those of hooks and plugins too; needed before version 5, and to say which count. */
export function setupFastifyErrorHandler(
  fastify: FastifyLike,
  options?: FastifyOptions,
): void {
  const given = checked("setupFastifyErrorHandler", options, { shouldHandleError: "function" });
  const hook = async (request: FastifyRequest, reply: unknown, error: unknown): Promise<void> => {
    tellRoute(request.raw, request.routeOptions?.url);
    captureRequestError(error, request.raw, MECHANISM, wantedBy(given, request, reply));
  };
  if (fastify.server) hooked.add(fastify.server);
  fastify.addHook("onError", hook as never);
}
