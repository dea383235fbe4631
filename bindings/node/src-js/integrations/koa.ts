import { captureRequestError } from "./express";
import { tellRoute, type RequestLike } from "./request";

interface KoaContext {
  req: RequestLike;
  _matchedRoute?: unknown;
  routerPath?: unknown;
}

interface KoaLike {
  use(middleware: (context: never, next: () => Promise<unknown>) => Promise<void>): unknown;
}

/** Captures errors of what is added to an app of Koa after this, and hands them on. */
export function setupKoaErrorHandler(app: KoaLike): void {
  const watch = async (context: KoaContext, next: () => Promise<unknown>): Promise<void> => {
    try {
      await next();
    } catch (error) {
      tellRoute(context.req, context._matchedRoute ?? context.routerPath);
      captureRequestError(error, context.req, "auto.http.koa");
      throw error;
    }
    tellRoute(context.req, context._matchedRoute ?? context.routerPath);
  };
  app.use(watch as never);
}
