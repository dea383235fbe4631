// What TypeScript accepts and refuses, for `import`. Only compiled, never run.
import * as Sentry from "watchpost";
import type { Breadcrumb, Event, EventHint, Integration, Log, Metric, Options, Scope, Span, StreamedSpan, User } from "watchpost";
import { initTesting, record, withCapturedEvents, type Recorded, type RecordedEvent } from "watchpost/testing";

const options: Options = {
  dsn: "https://public_key@errors.example.com/42",
  sampleRate: 0.5,
  beforeSend(event: Event, hint: EventHint) {
    const original: unknown = hint.originalException;
    if (original instanceof TypeError) return null;
    event.tags = { ...event.tags, seen: true };
    return event;
  },
  beforeBreadcrumb: (crumb: Breadcrumb) => (crumb.category === "noise" ? null : crumb),
};
Sentry.init(options);
Sentry.init({ beforeSend: async (event) => event });
initTesting(options, 0, 1);

const tracing: Options = {
  tracesSampleRate: 0.5,
  tracesSampler: ({ name, attributes, parentSampled, inheritOrSampleWith }) =>
    name === "GET /health" || attributes["vip"] ? Boolean(parentSampled) : inheritOrSampleWith(0.1),
  beforeSendTransaction: (event: Event) => (event.transaction === "noise" ? null : event),
  beforeSendSpan: (span: StreamedSpan) => ({ ...span, name: "GET" }),
};
const five: number = Sentry.startSpan({ name: "a", op: "b", attributes: { n: 1, list: ["x"] } }, (span: Span) => {
  span.setAttribute("k", true).setStatus({ code: 2, message: "not_found" }).updateName("x");
  return span.isRecording() ? 5 : 6;
});
const waited: Promise<string> = Sentry.startSpanManual({ name: "a" }, async (span, finish) => (finish(), span.spanContext().traceId));
const inactive: Span = Sentry.startInactiveSpan({ name: "a", startTime: new Date(), parentSpan: null });
Sentry.continueTrace({ sentryTrace: undefined, baggage: null }, () => Sentry.getTraceData()["sentry-trace"]);
Sentry.withActiveSpan(inactive, (scope) => scope.setTag("a", "b"));
Sentry.startTransaction({ name: "a", op: "b" }, { request: {} }).startChild({ op: "db" }).finish();
// @ts-expect-error a span has a name
Sentry.startSpan({ op: "x" }, () => five);
// @ts-expect-error a rate is a number
Sentry.init({ tracesSampler: () => "0.5" });
Sentry.init(tracing);

Sentry.init({
  enableLogs: true,
  beforeSendLog: (log: Log) => (log.level === "debug" ? null : log),
  beforeSendMetric: (metric: Metric) => ({ ...metric, unit: "byte" }),
  beforeSendCheckIn: (checkIn) => ({ ...checkIn, environment: "x" }),
  beforeSendFeedback: (event: Event) => event,
  errorSampler: (event) => (event.level === "fatal" ? 1 : 0.5),
  integrations: (defaults: Integration[]) => [...defaults, Sentry.featureFlagsIntegration()],
  initialScope: { tags: { a: 1 } },
});
Sentry.logger.info(Sentry.logger.fmt`user ${5}`, { n: 1 }, { scope: Sentry.getCurrentScope() });
Sentry.metrics.distribution("latency", 1, { unit: "millisecond", attributes: { route: "/" } });
const monitored: Promise<number> = Sentry.withMonitor("job", async () => 5, { schedule: { type: "interval", value: 1, unit: "hour" } });
const checkInId: string | undefined = Sentry.captureCheckIn({ monitorSlug: "job", status: "in_progress" });
Sentry.captureFeedback({ message: "slow", tags: { a: 1 } }, { attachments: [{ filename: "a", data: new Uint8Array() }] });
Sentry.getClient()?.getIntegrationByName<ReturnType<typeof Sentry.featureFlagsIntegration>>("FeatureFlags")?.addFeatureFlag("a", true);
const recorded: Promise<Recorded<number>> = record(() => 5, options);
const captured: Promise<RecordedEvent[]> = withCapturedEvents(async () => checkInId);
// @ts-expect-error a schedule is complete
Sentry.withMonitor("job", () => 5, { schedule: { type: "interval", value: 1 } });
// @ts-expect-error levels are few
Sentry.logger.loud("x");
// @ts-expect-error feedback says something
Sentry.captureFeedback({ name: "Ada" });
// @ts-expect-error what is inside of a client is no API
Sentry.getClient()?.native;

const id: string | undefined = Sentry.captureException(new Error("x"));
Sentry.captureException("text", { tags: { a: 1 }, level: "warning", user: null });
Sentry.captureException(new Error("x"), (scope: Scope) => scope.setTag("a", "b"));
Sentry.captureMessage(id ?? "", "info");
Sentry.captureEvent({ message: "x", level: "fatal" });
const user: User = { id: 5, email: "a@example.com", plan: "gold" };
Sentry.setUser(user);
Sentry.setUser(null);
Sentry.setTags({ a: 1, b: true, c: null });
const answer: number = Sentry.withScope((scope) => scope.setLevel("error").setFingerprint(["a"]) && 5);
const later: Promise<boolean> = Sentry.withIsolationScope(async () => answer === 5);
const flushed: Promise<boolean> = Sentry.flush(1000);
Sentry.getGlobalScope().addEventProcessor((event) => event);
Sentry.getCurrentScope().addEventProcessor(async (event) => event);
Sentry.setupExpressErrorHandler({ use: (handler) => void handler });
await Promise.all([waited, monitored, recorded, captured, later, flushed, Sentry.close()]);

// @ts-expect-error a level that does not exist
Sentry.setLevel("bad");
// @ts-expect-error a breadcrumb is an object
Sentry.addBreadcrumb("clicked");
// @ts-expect-error a processor answers with an event, or with nothing
Sentry.getCurrentScope().addEventProcessor(async () => 5);
