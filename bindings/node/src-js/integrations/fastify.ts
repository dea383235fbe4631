import { subscribe } from "node:diagnostics_channel";

import type { Integration } from "../integration";
import { captureRequestError, isServerError } from "./express";
import { tellRoute, type RequestLike } from "./request";
import { using } from "./using";

const FASTIFY = "fastify";

const MECHANISM = "auto.http.fastify";

/** Servers whose applications have the hook, which decides which errors count. */
const hooked = new WeakSet<object>();

interface FastifyRequest {
  raw: RequestLike;
  server?: { server: object };
  routeOptions?: { url?: unknown };
}

/** Routes and errors of Fastify 5, which speaks of each request by itself; there by default. */
export function fastifyIntegration(): Integration {
  return { name: FASTIFY, setupOnce: watchFastify };
}

function watchFastify(): void {
  subscribe("tracing:fastify.request.handler:start", (message) => {
    const { request, route } = message as { request?: FastifyRequest; route?: { url?: unknown } };
    tellRoute(request?.raw, route?.url);
  });
  subscribe("tracing:fastify.request.handler:error", (message) => {
    const { request, error } = message as { request?: FastifyRequest; error?: unknown };
    const byHook = request?.server && hooked.has(request.server.server);
    if (using(FASTIFY) && !byHook) captureRequestError(error, request?.raw, MECHANISM);
  });
}

interface FastifyLike {
  server?: object;
  addHook(name: string, hook: (request: never, reply: never, error: never) => Promise<void>): unknown;
}

/** Captures errors of an application of Fastify, those of hooks and plugins too; needed before version 5, and to say which count. */
export function setupFastifyErrorHandler(
  fastify: FastifyLike,
  options: { shouldHandleError?: (error: unknown, request: unknown, reply: unknown) => boolean } = {},
): void {
  const hook = async (request: FastifyRequest, reply: unknown, error: unknown): Promise<void> => {
    tellRoute(request.raw, request.routeOptions?.url);
    const wanted = options.shouldHandleError;
    captureRequestError(error, request.raw, MECHANISM, wanted ? (thrown) => wanted(thrown, request, reply) : isServerError);
  };
  if (fastify.server) hooked.add(fastify.server);
  fastify.addHook("onError", hook as never);
}
