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
export {
  captureEvent,
  captureException,
  captureMessage,
  lastEventId,
  type CaptureContext,
  type CaptureContext as ExclusiveEventHintOrCaptureContext,
} from "./capture";
export { Client as NodeClient, getClient, setCurrentClient, type Client, type Dsn } from "./client";
export { getCurrentScope, getGlobalScope, getIsolationScope, withIsolationScope, withScope } from "./context";
export { captureFeedback, type Feedback } from "./feedback";
export { close, flush, init, initWithoutDefaultIntegrations, isEnabled, isInitialized, setConsent } from "./init";
export {
  addIntegration,
  featureFlagsIntegration,
  type FeatureFlagsIntegration,
  type Integration,
  type Integrations,
} from "./integration";
export { getDefaultIntegrations, getDefaultIntegrationsWithoutPerformance } from "./integrations";
export * from "./integrations/absent";
export { childProcessIntegration, workerThreadsIntegration, type ChildProcessOptions } from "./integrations/children";
export {
  captureConsoleIntegration,
  consoleIntegration,
  consoleLoggingIntegration,
  type CaptureConsoleOptions,
  type ConsoleLevel,
  type ConsoleOptions,
} from "./integrations/console";
export {
  contextLinesIntegration,
  functionToStringIntegration,
  nodeContextIntegration,
  processSessionIntegration,
  spanStreamingIntegration,
  spotlightIntegration,
  type ContextLinesOptions,
  type ContextOptions,
} from "./integrations/core-parts";
export { cron } from "./integrations/cron";
export { mysql2Integration, redisIntegration, type RedisOptions } from "./integrations/databases";
export {
  extraErrorDataIntegration,
  linkedErrorsIntegration,
  systemErrorIntegration,
  zodErrorsIntegration,
  type ExtraErrorDataOptions,
  type ZodErrorsOptions,
} from "./integrations/error-data";
export {
  requestDataIntegration,
  rewriteFramesIntegration,
  type RequestDataOptions,
  type RewriteFramesOptions,
} from "./integrations/event-data";
export { anrIntegration, eventLoopBlockIntegration, type AnrOptions, type EventLoopBlockOptions } from "./integrations/event-loop";
export { dedupeIntegration, eventFiltersIntegration, inboundFiltersIntegration, type FilterOptions } from "./integrations/filters";
export {
  connectIntegration,
  expressIntegration,
  hapiIntegration,
  honoIntegration,
  koaIntegration,
  nestIntegration,
  postgresIntegration,
} from "./integrations/frameworks";
export { httpIntegration, type HttpOptions } from "./integrations/http";
export {
  httpClientIntegration,
  nativeNodeFetchIntegration,
  type FetchOptions,
  type HttpClientOptions,
} from "./integrations/http-client";
export { httpServerIntegration, type HttpServerOptions } from "./integrations/http-server";
export {
  onUncaughtExceptionIntegration,
  onUnhandledRejectionIntegration,
  type UncaughtExceptionOptions,
  type UnhandledRejectionOptions,
} from "./integrations/uncaught";
export { fastifyIntegration, setupFastifyErrorHandler, type FastifyOptions } from "./integrations/fastify";
export { setupHapiErrorHandler } from "./integrations/hapi";
export { honoErrorHandler, setupHonoErrorHandler } from "./integrations/hono";
export { setupKoaErrorHandler } from "./integrations/koa";
export { wrapHandler, type LambdaContext, type WrapperOptions } from "./integrations/lambda";
export { localVariablesIntegration, type LocalVariablesOptions } from "./integrations/local-variables";
export { createSentryWinstonTransport, createWinstonTransport, pinoIntegration, type LoggerOptions, type WinstonOptions } from "./integrations/loggers";
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
export { configureScope, getCurrentHub, type Hub } from "./older";
export type { Options, Options as NodeOptions } from "./options";
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
export type { ScopeData } from "./scope-context";
export {
  SDK_VERSION,
  SEMANTIC_ATTRIBUTE_SENTRY_OP,
  SEMANTIC_ATTRIBUTE_SENTRY_ORIGIN,
  SEMANTIC_ATTRIBUTE_SENTRY_SAMPLE_RATE,
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
