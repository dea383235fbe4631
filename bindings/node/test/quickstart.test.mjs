// Programs as the guides of the official SDK have users write them, with our import: run to their end, against a server.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { run, temporary } from "./support/child.mjs";
import { openSink } from "./support/sink.mjs";

const file = (name) => fileURLToPath(new URL(`./quickstart/${name}`, import.meta.url));

async function start(name, args = [], env = {}) {
  const sink = await openSink();
  const spool = { SENTRY_DSN: sink.dsn, XDG_CACHE_HOME: temporary() };
  const result = await run(file(name), { ...spool, ...env }, { args });
  await sink.close();
  return { ...result, ...sink };
}

async function play(name, args, env) {
  const result = await start(name, args, env);
  assert.equal(result.code, 0, result.stderr);
  assert.equal(result.stderr, "");
  return result;
}

test("verify: an error inside of a span", async () => {
  const { events, of } = await play("verify.js", [], { NODE_ENV: "staging", SHA: "abc" });
  const [event] = events;
  const [transaction] = of("transaction");
  assert.equal(event.exception.values[0].type, "ReferenceError");
  assert.deepEqual([event.environment, event.release], ["staging", "gateway@abc"]);
  assert.equal(event.contexts.trace.span_id, transaction.contexts.trace.span_id);
  assert.deepEqual([transaction.transaction, transaction.contexts.trace.op], ["My First Test Span", "test"]);
});

test("modules: --import, a server, one trace over HTTP, a fingerprint", async () => {
  const { events, of } = await play("app.mjs", ["--import", file("instrument.mjs")]);
  const [served, called] = of("transaction").sort((one, other) => (one.transaction < other.transaction ? -1 : 1));
  assert.deepEqual([served.transaction, called.transaction], ["GET /orders", "client"]);
  assert.equal(served.contexts.trace.trace_id, called.contexts.trace.trace_id);
  assert.deepEqual(served.spans.map((span) => span.description), ["check quota"]);
  assert.equal(called.spans[0].op, "http.client");
  assert.equal(served.contexts.trace.parent_span_id, called.spans[0].span_id);
  assert.equal(served.contexts.trace.status, "resource_exhausted");
  assert.deepEqual(events[0].fingerprint, ["api-v1", "{{ default }}"]);
  assert.equal(events[0].tags.route, "/orders");
  assert.equal(called.tags, undefined);
});

test("enrich: scopes, users, tags, contexts, breadcrumbs, attachments, levels", async () => {
  const { events, of } = await play("enrich.mjs");
  const [error, message, context] = events;
  assert.deepEqual(error.exception.values.map(({ type }) => type), ["TypeError", "Error"]);
  assert.deepEqual(error.tags, { region: "eu", page_locale: "de-at", "my-tag": "my value" });
  assert.deepEqual([error.level, error.fingerprint], ["warning", ["{{ default }}", "checkout"]]);
  assert.equal(error.contexts.character.attack_type, "melee");
  assert.deepEqual(error.breadcrumbs.values.map((crumb) => crumb.message), ["Authenticated user"]);
  assert.deepEqual(of("attachment"), ['{"items":3}']);
  assert.deepEqual([message.level, message.logentry.formatted, message.user.id], ["info", "Something went wrong", "42"]);
  assert.deepEqual([context.tags.section, context.user.id, context.extra], ["articles", "7", { server: "web-1", n: 1 }]);
});

test("spans: by hand, of all kinds, and a sampler", async () => {
  const { stdout, of } = await play("spans.mjs");
  assert.equal(stdout, "42\n");
  const transactions = of("transaction");
  assert.equal(transactions.length, 1);
  const [{ spans, contexts, measurements, tags }] = transactions;
  assert.deepEqual(spans.map((span) => span.description), ["expensive_computation", "middleware.auth", "answer"]);
  assert.deepEqual(spans[0].data, { rows: 3, cached: false });
  assert.deepEqual(contexts.trace.data, { attempt: 1, "user.tier": "gold" });
  assert.deepEqual(measurements, { memoryUsed: { value: 123, unit: "byte" } });
  assert.deepEqual(tags, { checked: "true", seen: "yes" });
});

test("signals: logs, metrics, monitors, feedback, flags", async () => {
  const { events, items, of } = await play("signals.mjs");
  const lines = of("log").flatMap((container) => container.items);
  assert.deepEqual(lines.map((line) => line.level), ["info", "error"]);
  assert.equal(lines[0].attributes.action.value, "test_log");
  assert.equal(lines[1].attributes["sentry.message.parameter.0"].value, "timeout");
  const measured = of("trace_metric").flatMap((container) => container.items);
  assert.deepEqual(measured.map(({ name, value }) => [name, value]), [["button_click", 1], ["page_load", 15], ["queue_depth", 7]]);
  const checkIns = of("check_in");
  assert.deepEqual(checkIns.map((checkIn) => checkIn.status), ["in_progress", "ok", "in_progress", "error"]);
  assert.equal(checkIns[0].monitor_config.timezone, "America/Los_Angeles");
  assert.equal(checkIns[3].check_in_id, checkIns[2].check_in_id);
  assert.deepEqual(events[0].contexts.flags.values, [{ flag: "test-flag", result: false }]);
  const [feedback] = of("feedback");
  assert.equal(feedback.contexts.feedback.associated_event_id, events[0].event_id);
  assert.equal(items.find((item) => item.type === "attachment").header.filename, "screen.png");
});

test("older: transactions by hand", async () => {
  const { events, of } = await play("older.js");
  const [transaction] = of("transaction");
  assert.equal(events[0].contexts.trace.trace_id, transaction.contexts.trace.trace_id);
  assert.deepEqual([transaction.transaction, transaction.contexts.trace.status], ["My Transaction", "not_found"]);
  assert.deepEqual(transaction.spans.map(({ op, status, data }) => [op, status, data]), [["functionX", "not_found", { item: 5 }]]);
});

test("uncaught: the process ends as it would without", async () => {
  const { code, stderr, events } = await start("uncaught.mjs");
  assert.equal(code, 1);
  assert.match(stderr, /nobody caught it/);
  assert.deepEqual([events[0].exception.values[0].value, events[0].level], ["nobody caught it", "fatal"]);
});
