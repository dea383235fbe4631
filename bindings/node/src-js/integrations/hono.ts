import { captureRequestError } from "./express";
import { tellRoute, type RequestLike } from "./request";

interface HonoContext {
  req: { routePath?: unknown };
  env?: { incoming?: RequestLike };
  error?: unknown;
}

/** A middleware for Hono on `@hono/node-server` that names routes and captures errors. Goes before all others. */
export function honoErrorHandler(): (context: never, next: () => Promise<unknown>) => Promise<void> {
  const watch = async (context: HonoContext, next: () => Promise<unknown>): Promise<void> => {
    await next();
    const request = context.env?.incoming;
    tellRoute(request, context.req.routePath);
    if (context.error !== undefined) captureRequestError(context.error, request, "auto.http.hono");
  };
  return watch as never;
}

/** Adds {@link honoErrorHandler} to an app. */
export function setupHonoErrorHandler(app: { use(middleware: never): unknown }): void {
  app.use(honoErrorHandler() as never);
}
