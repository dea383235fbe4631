import { captureRequestError } from "./express";
import { tellRoute, type RequestLike } from "./request";

interface Host {
  getType?(): string;
  switchToHttp?(): { getRequest(): (RequestLike & { raw?: RequestLike; routeOptions?: { url?: unknown } }) | undefined };
}

interface Filter {
  catch(exception: unknown, host: never): unknown;
}

/**
 * Captures errors that reach the filter of an application of NestJS, on Express or on Fastify.
 *
 * @example
 * const { httpAdapter } = app.get(HttpAdapterHost);
 * Sentry.setupNestErrorHandler(app, new BaseExceptionFilter(httpAdapter));
 */
export function setupNestErrorHandler<F extends Filter>(app: { useGlobalFilters(filter: F): unknown }, filter: F): void {
  const handle = filter.catch;
  filter.catch = function (this: F, exception: unknown, host: never): unknown {
    // Exceptions that stand for an answer below 500 are how Nest answers.
    const status = statusOf(exception);
    if (!(status < 500)) captureRequestError(exception, requestOf(host), "auto.http.nestjs");
    return Reflect.apply(handle, this, [exception, host]);
  };
  app.useGlobalFilters(filter);
}

function statusOf(exception: unknown): number {
  try {
    return Number((exception as { getStatus(): unknown }).getStatus());
  } catch {
    return Number.NaN;
  }
}

function requestOf(host: Host): RequestLike | undefined {
  try {
    const request = host.switchToHttp?.().getRequest();
    if (!request?.raw) return request;
    tellRoute(request.raw, request.routeOptions?.url);
    return request.raw;
  } catch {
    return undefined;
  }
}
