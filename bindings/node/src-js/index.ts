/**
 * Watchpost for Node.js.
 *
 * @example
 * const Sentry = require("watchpost");
 * Sentry.init({ dsn: "https://public_key@errors.example.com/42" });
 * try { pay(); } catch (error) { Sentry.captureException(error); }
 */
export type { Attachment } from "./attachment";
export type { Attributes, AttributeValue } from "./attribute";
export { captureEvent, captureException, captureMessage, lastEventId, type CaptureContext } from "./capture";
export { getClient, type Client, type Dsn } from "./client";
export { getCurrentScope, getGlobalScope, getIsolationScope, withIsolationScope, withScope } from "./context";
export { captureFeedback, type Feedback } from "./feedback";
export { close, flush, init, isEnabled, isInitialized, setConsent } from "./init";
export { addIntegration, featureFlagsIntegration, type Integration, type Integrations } from "./integration";
export { childProcessIntegration } from "./integrations/children";
export { consoleIntegration } from "./integrations/console";
export { cron } from "./integrations/cron";
export { mysql2Integration, redisIntegration } from "./integrations/databases";
export { eventLoopBlockIntegration, type EventLoopBlockOptions } from "./integrations/event-loop";
export { fetchIntegration, fetchIntegration as nativeNodeFetchIntegration, httpClientIntegration } from "./integrations/http-client";
export {
  httpServerIntegration,
  httpServerIntegration as expressIntegration,
  httpServerIntegration as httpIntegration,
} from "./integrations/http-server";
export {
  uncaughtIntegration,
  uncaughtIntegration as onUncaughtExceptionIntegration,
  uncaughtIntegration as onUnhandledRejectionIntegration,
} from "./integrations/uncaught";
export { fastifyIntegration, setupFastifyErrorHandler } from "./integrations/fastify";
export { setupHapiErrorHandler } from "./integrations/hapi";
export { honoErrorHandler, setupHonoErrorHandler } from "./integrations/hono";
export { setupKoaErrorHandler } from "./integrations/koa";
export { wrapHandler, type LambdaContext, type WrapperOptions } from "./integrations/lambda";
export { localVariablesIntegration, type LocalVariablesOptions } from "./integrations/local-variables";
export { createWinstonTransport, pinoIntegration, type LoggerOptions } from "./integrations/loggers";
export { modulesIntegration } from "./integrations/modules";
export { setupNestErrorHandler } from "./integrations/nest";
export { captureRequestError, type NextErrorContext, type NextRequestInfo } from "./integrations/nextjs";
export { instrumentMongo, instrumentPg, instrumentPrisma } from "./integrations/wrapped";
export {
  expressErrorHandler,
  expressRequestHandler,
  Handlers,
  setupConnectErrorHandler,
  setupExpressErrorHandler,
  type ErrorHandler,
  type ErrorHandlerOptions,
  type RequestHandler,
} from "./integrations/express";
export {
  fmt as parameterize,
  logger,
  type Log,
  type LogFunction,
  type LogMetadata,
  type LogSeverityLevel,
  type Parameterized,
} from "./log";
export { metrics, type Metric, type MetricOptions } from "./metric";
export { captureCheckIn, withMonitor, type CheckIn, type MonitorConfig, type Schedule } from "./monitor";
export type { Options } from "./options";
export { addEventProcessor } from "./processor";
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
  SEMANTIC_ATTRIBUTE_SENTRY_OP,
  SEMANTIC_ATTRIBUTE_SENTRY_ORIGIN,
  SEMANTIC_ATTRIBUTE_SENTRY_SOURCE,
} from "./semantic";
export {
  captureSession,
  endSession,
  pauseSession,
  resumeSession,
  startRequestSession,
  startSession,
  type RequestSession,
} from "./session";
export {
  addAttachment,
  addBreadcrumb,
  addFeatureFlag,
  clearAttachments,
  removeAttribute,
  setAttribute,
  setAttributes,
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
  getSpanStatusFromHttpCode,
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
