import { captureRequestError } from "./express";
import { tellRoute, type RequestLike } from "./request";

interface HapiRequest {
  raw: { req: RequestLike };
  route?: { path?: unknown };
}

interface HapiLike {
  events: { on(criteria: { name: string; channels: string[] }, listener: (request: never, event: never) => void): unknown };
  ext(event: string, method: (request: never, h: never) => unknown): unknown;
}

/** Captures errors of an application of Hapi that it answers with 500. */
export async function setupHapiErrorHandler(server: HapiLike): Promise<void> {
  const route = (request: HapiRequest, h: { continue: unknown }): unknown => {
    tellRoute(request.raw.req, request.route?.path);
    return h.continue;
  };
  server.ext("onPreAuth", route as never);
  const failed = (request: HapiRequest, event: { error?: unknown }): void => {
    if (event.error !== undefined) captureRequestError(event.error, request.raw.req, "auto.http.hapi");
  };
  server.events.on({ name: "request", channels: ["error"] }, failed as never);
}
