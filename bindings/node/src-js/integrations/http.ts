import type { Integration } from "../integration";
import { checked } from "./checked";
import { CLIENT_OPTIONS, HTTP_CLIENT, watchHttpClient, type HttpClientOptions } from "./http-client";
import { HTTP_SERVER, SERVER_OPTIONS, watchServers, type HttpServerOptions } from "./http-server";

/** Which requests by and to `node:http` are told of, and how. */
export interface HttpOptions extends HttpServerOptions, HttpClientOptions {
  /** True: requests that the application answers make no transactions. */
  disableIncomingRequestSpans?: boolean;
}

/** Requests that the application answers, and those that it makes with `node:http` and `node:https`; there by default. */
export function httpIntegration(options?: HttpOptions): Integration {
  const given = checked("httpIntegration", options, {
    ...SERVER_OPTIONS,
    ...CLIENT_OPTIONS,
    disableIncomingRequestSpans: "boolean",
    ...IDLE,
  } as const);
  const server = given.disableIncomingRequestSpans ? { ...given, spans: false } : given;
  return {
    name: "Http",
    parts: { [HTTP_SERVER]: server, [HTTP_CLIENT]: given },
    setupOnce() {
      watchServers();
      watchHttpClient();
    },
  };
}

/** Options of the official SDK that change nothing here. */
const IDLE = {
  ignoreStaticAssets: "idle",
  ignoreStatusCodes: "idle",
  maxRequestBodySize: "idle",
  sessionFlushingDelayMS: "idle",
  onSpanCreated: "idle",
  onSpanEnd: "idle",
  outgoingRequestHook: "idle",
  outgoingResponseHook: "idle",
  outgoingRequestApplyCustomAttributes: "idle",
} as const;
