// Logs, metrics, check-ins, feedback, attachments, flags, sessions and integrations as JavaScript sees them.
import assert from "node:assert/strict";
import { test } from "node:test";

import * as Sentry from "watchpost";
import { advanceClock, initTesting, takeRecorded, takeSaid } from "watchpost/testing";

const dsn = "https://key@errors.example.com/42";
const start = (options = {}) => initTesting({ dsn, enableLogs: true, ...options }, 1767323045, 1);
const items = () => takeRecorded().flatMap((envelope) => envelope.items);
const payloads = () => items().map((item) => item.payload);
const lines = async () => (await Sentry.flush(), payloads().flatMap((payload) => payload.items));

test("a line of the log with a template, in a span, through the hook", async () => {
  const seen = [];
  start({
    tracesSampleRate: 1,
    beforeSendLog: (log) => {
      seen.push(log);
      return log.level === "debug" ? null : { ...log, message: `${log.message}!`, attributes: { ...log.attributes, more: [1, 2] } };
    },
  });
  let spanId;
  Sentry.startSpan({ name: "root" }, (span) => {
    spanId = span.spanContext().spanId;
    Sentry.logger.info(Sentry.logger.fmt`user ${7} bought ${"tea"}`, { price: 2.5, odd: {} });
    Sentry.logger.debug("never");
  });
  takeRecorded();
  Sentry.logger.warn("plain");
  const [first, second] = seen.filter((log) => log.level !== "debug");
  assert.deepEqual([first.message, first.severityNumber, first.attributes.price], ["user 7 bought tea", 9, 2.5]);
  assert.equal(second.message, "plain");
  const [line, plain] = await lines();
  assert.deepEqual([line.level, line.body, line.span_id], ["info", "user 7 bought tea!", spanId]);
  assert.equal(line.attributes["sentry.message.template"].value, "user {} bought {}");
  assert.equal(line.attributes["sentry.message.parameter.0"].value, 7);
  assert.deepEqual(line.attributes.more.value, [1, 2]);
  assert.equal(line.attributes.odd, undefined);
  assert.equal(plain.body, "plain!");
});

test("a line goes to the scope that is named, and nowhere while the log is off", async () => {
  start();
  const scope = Sentry.getCurrentScope().clone().setAttribute("shop", 3);
  Sentry.logger.error("there", undefined, { scope });
  Sentry.logger.error("here");
  const [there, here] = await lines();
  assert.equal(there.attributes.shop.value, 3);
  assert.equal(here.attributes.shop, undefined);
  start({ enableLogs: false });
  Sentry.logger.fatal("off");
  assert.deepEqual(await lines(), []);
});

test("measurements, with and without the hook", async () => {
  const seen = [];
  start({ beforeSendMetric: (metric) => (seen.push(metric), metric.name === "no" ? null : metric) });
  Sentry.metrics.count("orders");
  Sentry.metrics.distribution("latency", 12.5, { unit: "millisecond", attributes: { route: "/" } });
  Sentry.metrics.gauge("no", 1);
  assert.deepEqual([seen[1].type, seen[1].value, seen[1].unit, seen[1].attributes.route], ["distribution", 12.5, "millisecond", "/"]);
  const [orders, latency, ...rest] = await lines();
  assert.deepEqual([orders.name, orders.type, orders.value], ["orders", "counter", 1]);
  assert.equal(latency.attributes.route.value, "/");
  assert.deepEqual(rest, []);
});

test("a job that awaits says how it went and how long it took", async () => {
  start();
  const config = { schedule: { type: "interval", value: 5, unit: "minute" }, checkinMargin: 2, timezone: "Europe/Vienna", isolateTrace: true };
  const answer = await Sentry.withMonitor(
    "nightly",
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      advanceClock(3);
      Sentry.setTag("inside", "1");
      return 42;
    },
    config,
  );
  assert.equal(answer, 42);
  const boom = new Error("boom");
  await assert.rejects(Sentry.withMonitor("weekly", () => Promise.reject(boom)), boom);
  const [begin, end, other, failed] = payloads();
  assert.deepEqual(begin.monitor_config, {
    schedule: { type: "interval", value: 5, unit: "minute" },
    checkin_margin: 2,
    timezone: "Europe/Vienna",
  });
  assert.deepEqual([end.status, end.duration, end.check_in_id], ["ok", 3, begin.check_in_id]);
  assert.deepEqual([failed.status, failed.check_in_id], ["error", other.check_in_id]);
  assert.notEqual(begin.contexts.trace.trace_id, other.contexts.trace.trace_id);
  Sentry.captureMessage("m");
  assert.equal(payloads()[0].tags, undefined);
});

test("a job runs though its monitor is refused, and the word says why", () => {
  start();
  assert.equal(Sentry.withMonitor("not a slug", () => 5), 5);
  assert.equal(payloads().length, 0);
  assert.match(takeSaid().join(), /monitor_slug/);
});

test("feedback with tags, a screenshot and processors", () => {
  start({ beforeSend: () => null });
  Sentry.addEventProcessor((event) => ({ ...event, tags: { ...event.tags, processed: event.type ?? "none" } }));
  const attachments = [{ filename: "shot.png", data: new Uint8Array([1, 2, 3]), contentType: "image/png" }];
  const id = Sentry.captureFeedback({ message: "slow", email: "a@example.com", tags: { page: "cart" } }, { attachments });
  const [feedback, file] = items();
  assert.equal(feedback.payload.event_id, id);
  assert.equal(feedback.payload.contexts.feedback.contact_email, "a@example.com");
  assert.equal(feedback.payload.tags.page, "cart");
  assert.ok("processed" in feedback.payload.tags);
  assert.deepEqual([file.header.filename, file.header.content_type, file.header.length], ["shot.png", "image/png", 3]);
});

test("attachments of scopes and of one capture", () => {
  start();
  Sentry.addAttachment({ filename: "all.txt", data: "a" });
  Sentry.withScope((scope) => {
    scope.addAttachment({ path: new URL(import.meta.url).pathname, filename: "me.mjs" });
    Sentry.captureException(new Error("x"), { attachments: [{ filename: "one.json", data: "{}" }] });
  });
  Sentry.captureMessage("m");
  assert.deepEqual(takeRecorded().map((envelope) => envelope.items.slice(1).map((item) => item.header.filename)), [
    ["all.txt", "me.mjs", "one.json"],
    ["all.txt"],
  ]);
  Sentry.getIsolationScope().addAttachment({ filename: "empty" });
  assert.match(takeSaid().join(), /path, or bytes/);
});

test("a hook adds files to what it sees", () => {
  const own = { filename: "own.txt", data: "own" };
  start({
    beforeSend: (event, hint) => {
      hint.attachments = [...(hint.attachments ?? []), { filename: "hook.txt", data: "hook" }];
      return event.message ? null : event;
    },
  });
  Sentry.addEventProcessor((event, hint) => {
    (hint.attachments ??= []).push({ filename: "processor.txt", data: "p" });
    return event;
  });
  Sentry.captureMessage("dropped");
  Sentry.captureException(new Error("x"), { attachments: [own] });
  Sentry.captureException(new Error("y"));
  const names = takeRecorded().map((envelope) => envelope.items.slice(1).map((item) => item.header.filename));
  assert.deepEqual(names, [["own.txt", "processor.txt", "hook.txt"], ["processor.txt", "hook.txt"]]);
});

test("flags, by function and by the integration", () => {
  const flags = Sentry.featureFlagsIntegration();
  start();
  Sentry.addFeatureFlag("dark", true);
  flags.addFeatureFlag("beta", false);
  flags.addFeatureFlag("color", "red");
  Sentry.captureMessage("m");
  const [{ contexts }] = payloads();
  assert.deepEqual(contexts.flags.values, [
    { flag: "dark", result: true },
    { flag: "beta", result: false },
  ]);
});

test("forks see what was there when they were made, whatever is written where", () => {
  start();
  const outer = Sentry.getCurrentScope().setTag("a", "1");
  Sentry.captureMessage("makes the core's scope");
  const first = outer.clone();
  outer.setTag("a", "2").addBreadcrumb({ message: "late" });
  const second = outer.clone();
  const third = second.clone();
  second.setTag("a", "3");
  outer.clear();
  const seen = [first, second, third, outer].map((scope) => {
    Sentry.withScope(scope, () => Sentry.captureMessage("m"));
    const { tags, breadcrumbs } = payloads().at(-1);
    return [tags?.a, breadcrumbs?.values.length ?? 0];
  });
  assert.deepEqual(seen, [["1", 0], ["3", 1], ["2", 1], [undefined, 0]]);
});

test("a request's session, and what the scope knows", async () => {
  start({ release: "shop@1", autoSessionTracking: true });
  await Sentry.withIsolationScope(async (scope) => {
    const session = Sentry.startRequestSession();
    scope.setUser({ id: 7 });
    assert.deepEqual(scope.getUser(), { id: 7 });
    await null;
    Sentry.captureException(new Error("x"));
    assert.equal(scope.lastEventId(), Sentry.lastEventId());
    session.end();
    session.end();
  });
  await Sentry.flush();
  const { aggregates } = payloads().find((payload) => payload.aggregates);
  assert.deepEqual([aggregates[0].errored, aggregates[0].exited ?? 0], [1, 0]);
  Sentry.captureSession(true);
});

test("the client: options, DSN, processors", async () => {
  start({ release: "shop@1" });
  const client = Sentry.getClient();
  assert.equal(client.getOptions().release, "shop@1");
  assert.deepEqual(client.getDsn(), { publicKey: "key", projectId: "42", orgId: undefined });
  client.addEventProcessor(() => null);
  assert.equal(Sentry.captureMessage("m"), undefined);
  assert.equal(Sentry.isEnabled(), true);
  await client.close();
  assert.equal(Sentry.isEnabled(), false);
});

test("a scope captures by itself, a client takes integrations later, transactions are ignored by name", () => {
  start({ tracesSampleRate: 1, ignoreTransactions: ["health", /^probe/] });
  const scope = Sentry.getCurrentScope().clone().setTag("own", "1");
  scope.captureException(new Error("a"));
  scope.captureMessage("b", "info");
  scope.captureEvent({ message: "c" });
  assert.deepEqual(payloads().map((event) => event.tags), [{ own: "1" }, { own: "1" }, { own: "1" }]);
  for (const name of ["GET /health", "probe", "GET /orders"]) Sentry.startSpan({ name }, () => {});
  assert.deepEqual(payloads().map((transaction) => transaction.transaction), ["GET /orders"]);
  const late = { name: "Late", processEvent: (event) => ({ ...event, tags: { late: "1" } }) };
  Sentry.addIntegration(late);
  Sentry.addIntegration({ ...late, processEvent: () => null });
  assert.equal(Sentry.getClient().getIntegrationByName("Late"), late);
  Sentry.captureMessage("m");
  assert.deepEqual(payloads()[0].tags, { late: "1" });
  assert.throws(() => start({ ignoreTransactions: "health" }), /ignoreTransactions/);
});

test("errorSampler sees the event and what was thrown", () => {
  const seen = [];
  start({ errorSampler: (event, hint) => (seen.push([event.exception.values[0].type, hint.originalException]), event.exception.values[0].type !== "TypeError") });
  const error = new TypeError("a");
  assert.equal(Sentry.captureException(error), undefined);
  assert.ok(Sentry.captureException(new RangeError("b")));
  assert.deepEqual(seen[0], ["TypeError", error]);
});

test("odd values cost no more than themselves, and nothing is thrown", () => {
  start();
  const cycle = {};
  cycle.self = cycle;
  for (const value of [null, undefined, 5, "text", [], {}, cycle, Symbol("s"), () => 1, 10n, new Date(NaN), Object.create(null)]) {
    Sentry.logger.info(value, value, value);
    Sentry.metrics.count(value, value, value);
    Sentry.captureCheckIn(value, value);
    Sentry.captureFeedback(value, value);
    Sentry.addAttachment(value);
    Sentry.addFeatureFlag(value, value);
    Sentry.setAttribute(value, value);
    Sentry.setAttributes(value);
    Sentry.addEventProcessor(value);
    Sentry.captureException(new Error("x"), { attachments: [value] });
    Sentry.getCurrentScope().update(value);
    assert.equal(Sentry.withMonitor(value, () => 1, value), 1);
  }
});
