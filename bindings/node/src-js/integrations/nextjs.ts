import { captureObserved } from "../capture";
import { getClient, say } from "../client";
import { active, withIsolationScope } from "../context";
import { toText } from "../json";
import { readRequest } from "./request";

/** What Next.js tells `onRequestError` of a request. */
export interface NextRequestInfo {
  /** With its query. */
  path: string;
  method: string;
  headers: Record<string, string | string[] | undefined>;
}

/** What it tells of the place where a request failed. */
export interface NextErrorContext {
  /** `Pages Router` or `App Router`. */
  routerKind: string;
  /** The pattern of the route, like `/pay/[id]`. */
  routePath: string;
  /** `render`, `route`, `action`, `proxy` or `middleware`. */
  routeType: string;
  renderSource?: string;
  revalidateReason?: string | undefined;
}

/**
 * Captures an error that Next.js has caught: of a route handler, a server component, a server action.
 *
 * @example
 * // instrumentation.ts
 * export async function register() {
 *   if (process.env.NEXT_RUNTIME === "nodejs") (await import("watchpost")).init({ dsn: process.env.SENTRY_DSN });
 * }
 * export async function onRequestError(...failure) {
 *   if (process.env.NEXT_RUNTIME === "nodejs") (await import("watchpost")).captureRequestError(...failure);
 * }
 */
export function captureRequestError(error: unknown, request: NextRequestInfo, context: NextErrorContext): void {
  if (!getClient()?.isEnabled) return;
  try {
    // The request during which the instrumentation was loaded began before anybody listened.
    if (active().isolation.request) return capture(error, context);
    withIsolationScope((isolation) => {
      const { method, path: url, headers } = request;
      const transaction = `${method} ${context.routePath}`;
      isolation.request = () => ({ ...readRequest({ method, url, headers }), transaction });
      capture(error, context);
    });
  } catch (failure) {
    say(`captureRequestError failed: ${toText(failure)}`);
  }
}

function capture(error: unknown, context: NextErrorContext): void {
  const { routerKind, routePath, routeType, renderSource, revalidateReason } = context;
  const nextjs = {
    router_kind: routerKind,
    router_path: routePath,
    route_type: routeType,
    render_source: renderSource,
    revalidate_reason: revalidateReason,
  };
  captureObserved(error, { contexts: { nextjs } }, { mechanism: "auto.function.nextjs.on_request_error", handled: false });
}
