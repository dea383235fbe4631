/**
 * Watchpost for Node.js.
 *
 * @example
 * const Sentry = require("watchpost");
 * Sentry.init({ dsn: "https://public_key@errors.example.com/42" });
 * try { pay(); } catch (error) { Sentry.captureException(error); }
 */
export { captureEvent, captureException, captureMessage, lastEventId, type CaptureContext } from "./capture";
export { getCurrentScope, getGlobalScope, getIsolationScope, withIsolationScope, withScope } from "./context";
export { close, flush, init, isInitialized, setConsent } from "./init";
export {
  expressErrorHandler,
  expressRequestHandler,
  setupExpressErrorHandler,
  type ErrorHandler,
  type ErrorHandlerOptions,
  type RequestHandler,
} from "./integrations/express";
export type { Options } from "./options";
export {
  continueTrace,
  getTraceData,
  getTraceMetaTags,
  outgoingHeaders,
  spanToBaggageHeader,
  spanToTraceHeader,
  startNewTrace,
  type IncomingTrace,
  type TraceData,
} from "./propagation";
export { Scope } from "./scope";
export {
  addBreadcrumb,
  setContext,
  setExtra,
  setExtras,
  setFingerprint,
  setLevel,
  setTag,
  setTags,
  setTransactionName,
  setUser,
} from "./setters";
export type { Span } from "./span";
export {
  getActiveSpan,
  getRootSpan,
  isTracingSuppressed,
  setHttpStatus,
  setMeasurement,
  spanToJSON,
  startInactiveSpan,
  startSpan,
  startSpanManual,
  startTransaction,
  suppressTracing,
  updateSpanName,
  withActiveSpan,
} from "./tracing";
export type * from "./tracing-types";
export type * from "./types";
