// What `@sentry/node` 11 exports: each name is here, too, or is missing for a reason.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as Sentry from "watchpost";

const NAMES = `
  _INTERNAL_installTunnelHooks _INTERNAL_normalizeCollectionInterval addBreadcrumb addEventProcessor addIntegration
  amqplibIntegration anrIntegration anthropicAIIntegration awsIntegration awsLambdaWebIntegration bindScopeToEmitter
  buildLaunchDarklyFlagUsedHandler BullMQTelemetry captureCheckIn captureConsoleIntegration captureEvent captureException
  captureFeedback captureMessage captureSession childProcessIntegration close consoleIntegration consoleLoggingIntegration
  contextLinesIntegration continueTrace createConsolaReporter createFlueInstrumentation createGetModuleFromFilename
  createLangChainCallbackHandler createSentryWinstonTransport createTransport cron cronJobIntegration dataloaderIntegration
  dedupeIntegration defaultStackParser disableAnrDetectionForCallback endSession eveConversationHook eveInstrumentation
  eveIntegration eventFiltersIntegration expressErrorHandler expressIntegration extraErrorDataIntegration fastifyIntegration
  featureFlagsIntegration firebaseIntegration flush fsIntegration functionToStringIntegration genericPoolIntegration
  getActiveSpan getAutoPerformanceIntegrations getClient getCurrentScope getDefaultIntegrations
  getDefaultIntegrationsWithoutPerformance getGlobalScope getInstrumentedModuleNames getIsolationScope getOtlpTracesEndpoint
  getRootSpan getSentryRelease getSpanDescendants getSpanStatusFromHttpCode getTraceData getTraceMetaTags getTunnelPath
  googleGenAIIntegration graphqlIntegration groqIntegration growthbookIntegration handleTunnelRequest
  handleTunnelRequestIfMatched hapiIntegration honoIntegration honoMiddleware httpHeadersToSpanAttributes httpIntegration
  httpServerIntegration httpServerSpansIntegration init initOpenTelemetry initWithoutDefaultIntegrations
  instrumentAnthropicAiClient instrumentCreateReactAgent instrumentGoogleGenAIClient instrumentLangChainEmbeddings
  instrumentMistralAiClient instrumentOpenAiClient instrumentPostgresJsSql instrumentStateGraph instrumentStateGraphCompile
  instrumentSupabaseClient instrumentTypeSafeClient isEnabled isInitialized isTunnelRequest kafkaIntegration knexIntegration
  koaIntegration langChainIntegration langGraphIntegration lastEventId launchDarklyIntegration linkedErrorsIntegration
  localVariablesIntegration logger lruMemoizerIntegration makeNodeTransport mastraIntegration mcpServerIntegration metrics
  mistralAIIntegration moduleMetadataIntegration modulesIntegration mongoIntegration mongooseIntegration mysql2Integration
  mysqlIntegration nativeNodeFetchIntegration neonIntegration nitroIntegration NODE_VERSION NodeClient
  nodeContextIntegration nodeCronIntegration nodeRuntimeMetricsIntegration nodeScheduleIntegration
  onUncaughtExceptionIntegration onUnhandledRejectionIntegration openAIIntegration openFeatureIntegration
  OpenFeatureIntegrationHook openTelemetryIntegration parameterize piDurableIntegration pinoIntegration postgresIntegration
  postgresJsIntegration prismaIntegration processSessionIntegration profiler redisIntegration requestDataIntegration
  rewriteFramesIntegration Scope SDK_VERSION SEMANTIC_ATTRIBUTE_SENTRY_OP SEMANTIC_ATTRIBUTE_SENTRY_ORIGIN
  SEMANTIC_ATTRIBUTE_SENTRY_SAMPLE_RATE SentryMastraExporter serveTunnelIntegration setAttribute setAttributes setContext
  setConversationId setCurrentClient setExtra setExtras setHttpStatus setMeasurement
  setOpenTelemetryContextAsyncContextStrategy setTag setTags setupExpressErrorHandler setupFastifyErrorHandler
  setupHapiErrorHandler setupKoaErrorHandler setUser spanStreamingIntegration spanToBaggageHeader spanToJSON
  spanToStaticSpanJSON spanToTraceHeader spotlightIntegration startInactiveSpan startNewTrace startSession startSpan
  startSpanManual statsigIntegration supabaseIntegration suppressTracing systemErrorIntegration tediousIntegration
  togetherAIIntegration trpcMiddleware typesafeIntegration unleashIntegration updateSpanName vercelAIIntegration
  winterCGHeadersToDict withActiveSpan withIsolationScope withMonitor withScope withStaticSpan withStreamedSpan
  workerThreadsIntegration wrapMcpServerWithSentry zodErrorsIntegration
`.trim().split(/\s+/);

const MISSING = {
  _INTERNAL_installTunnelHooks: "internal",
  _INTERNAL_normalizeCollectionInterval: "internal",
  bindScopeToEmitter: "scopes follow AsyncLocalStorage alone",
  buildLaunchDarklyFlagUsedHandler: "does nothing in Node",
  BullMQTelemetry: "queues are not watched",
  createConsolaReporter: "`consoleIntegration` sees what consola prints",
  createFlueInstrumentation: "calls of generative models are not watched",
  createGetModuleFromFilename: "for transports and stack parsers of one's own",
  createLangChainCallbackHandler: "calls of generative models are not watched",
  createTransport: "the core sends",
  defaultStackParser: "stacks are V8's",
  disableAnrDetectionForCallback: "not made yet",
  eveConversationHook: "calls of generative models are not watched",
  eveInstrumentation: "calls of generative models are not watched",
  eveIntegration: "calls of generative models are not watched",
  getAutoPerformanceIntegrations: "`getDefaultIntegrations` has them all",
  getInstrumentedModuleNames: "internal",
  getOtlpTracesEndpoint: "internal",
  getSentryRelease: "the option `release`, or `SENTRY_RELEASE`",
  getSpanDescendants: "spans that have ended are the core's",
  getTunnelPath: "there is no tunnel for browsers",
  handleTunnelRequest: "there is no tunnel for browsers",
  handleTunnelRequestIfMatched: "there is no tunnel for browsers",
  honoMiddleware: "`setupHonoErrorHandler`",
  httpHeadersToSpanAttributes: "internal",
  httpServerSpansIntegration: "a half of `httpIntegration`",
  initOpenTelemetry: "`watchpost/opentelemetry`",
  instrumentAnthropicAiClient: "calls of generative models are not watched",
  instrumentCreateReactAgent: "calls of generative models are not watched",
  instrumentGoogleGenAIClient: "calls of generative models are not watched",
  instrumentLangChainEmbeddings: "calls of generative models are not watched",
  instrumentMistralAiClient: "calls of generative models are not watched",
  instrumentOpenAiClient: "calls of generative models are not watched",
  instrumentPostgresJsSql: "calls of generative models are not watched",
  instrumentStateGraph: "calls of generative models are not watched",
  instrumentStateGraphCompile: "calls of generative models are not watched",
  instrumentSupabaseClient: "calls of generative models are not watched",
  instrumentTypeSafeClient: "calls of generative models are not watched",
  isTunnelRequest: "there is no tunnel for browsers",
  makeNodeTransport: "the core sends",
  NODE_VERSION: "`process.versions.node`",
  OpenFeatureIntegrationHook: "does nothing in Node",
  piDurableIntegration: "calls of generative models are not watched",
  profiler: "there is no profiler",
  SentryMastraExporter: "calls of generative models are not watched",
  serveTunnelIntegration: "there is no tunnel for browsers",
  setConversationId: "calls of generative models are not watched",
  setOpenTelemetryContextAsyncContextStrategy: "internal",
  spanToStaticSpanJSON: "`spanToJSON`",
  trpcMiddleware: "not made yet",
  typesafeIntegration: "calls of generative models are not watched",
  winterCGHeadersToDict: "internal",
  withStaticSpan: "the option `traceLifecycle` decides for all",
  withStreamedSpan: "the option `traceLifecycle` decides for all",
  wrapMcpServerWithSentry: "calls of generative models are not watched",
};

test("every name is there, or is missing for a reason", () => {
  assert.equal(NAMES.length, 204);
  const missing = NAMES.filter((name) => !(name in Sentry));
  assert.deepEqual(missing, NAMES.filter((name) => name in MISSING));
  assert.equal(missing.length, Object.keys(MISSING).length);
});

test("the page about migrating lists what does nothing", () => {
  const page = readFileSync(new URL("../../../docs/migrating-from-sentry-node.md", import.meta.url), "utf8");
  const row = page.slice(page.indexOf("These are taken and do nothing"), page.indexOf("## The client"));
  const listed = new Set([...row.matchAll(/`(\w+Integration)`/g)].map(([, name]) => name));
  const idle = Object.keys(Sentry).filter((name) => /^(?!add)\w+Integration$/.test(name) && isIdle(name));
  assert.ok(idle.length > 30);
  assert.deepEqual([...listed].sort(), idle.sort());
});

/** One that is not there is told of by no client. */
function isIdle(name) {
  const client = new Sentry.NodeClient({ enabled: false, integrations: [Sentry[name]()] });
  const idle = client.getIntegrationNames().length === 0;
  void client.close(0);
  return idle;
}

test("factories name their integrations as the official ones do", () => {
  const names = {
    consoleIntegration: "Console",
    httpIntegration: "Http",
    nativeNodeFetchIntegration: "NodeFetch",
    onUncaughtExceptionIntegration: "OnUncaughtException",
    onUnhandledRejectionIntegration: "OnUnhandledRejection",
    linkedErrorsIntegration: "LinkedErrors",
    requestDataIntegration: "RequestData",
    contextLinesIntegration: "ContextLines",
    localVariablesIntegration: "LocalVariablesAsync",
    nodeContextIntegration: "Context",
    childProcessIntegration: "ChildProcess",
    workerThreadsIntegration: "WorkerThreads",
    processSessionIntegration: "ProcessSession",
    modulesIntegration: "Modules",
    fastifyIntegration: "Fastify",
    expressIntegration: "Express",
    koaIntegration: "Koa",
    hapiIntegration: "Hapi",
    honoIntegration: "Hono",
    postgresIntegration: "Postgres",
    prismaIntegration: "Prisma",
    mongoIntegration: "Mongo",
    mongooseIntegration: "Mongoose",
    mysqlIntegration: "Mysql",
    mysql2Integration: "Mysql2",
    redisIntegration: "Redis",
    pinoIntegration: "Pino",
    graphqlIntegration: "Graphql",
    kafkaIntegration: "Kafka",
    knexIntegration: "Knex",
    dedupeIntegration: "Dedupe",
    rewriteFramesIntegration: "RewriteFrames",
    extraErrorDataIntegration: "ExtraErrorData",
    eventFiltersIntegration: "EventFilters",
    functionToStringIntegration: "FunctionToString",
    zodErrorsIntegration: "ZodErrors",
    anrIntegration: "Anr",
    consoleLoggingIntegration: "ConsoleLogs",
    captureConsoleIntegration: "CaptureConsole",
  };
  for (const [factory, name] of Object.entries(names)) assert.equal(Sentry[factory]().name, name);
});

test("the version is that of the package", () => {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  assert.equal(Sentry.SDK_VERSION, manifest.version);
});
