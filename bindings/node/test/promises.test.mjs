// Hooks that answer with a promise.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import * as Sentry from "watchpost";
import { initTesting, takeDiscarded, takeRecorded, takeSaid } from "watchpost/testing";

import { program, run } from "./support/child.mjs";
import { openSink } from "./support/sink.mjs";

const start = (options = {}) =>
  initTesting({ dsn: "https://key@errors.example.com/42", tracesSampleRate: 1, ...options }, 1767323045, 1);
const payloads = () => takeRecorded().map((envelope) => envelope.items[0].payload);
const dropped = () => takeDiscarded().map(({ reason, category, quantity }) => `${reason} ${category} ${quantity}`).sort();

test("processors are waited for, and what comes after them sees their answer", async () => {
  const order = [];
  const slow = (name) => async (event) => {
    order.push(name);
    await pause(1);
    return { ...event, tags: { ...event.tags, [name]: "ran" } };
  };
  const seen = (name) => (event) => (order.push(`${name} ${Object.keys(event.tags ?? {})}`), event);
  start({ beforeSend: seen("beforeSend") });
  Sentry.addEventProcessor(seen("first"));
  Sentry.addEventProcessor(slow("second"));
  Sentry.addEventProcessor(slow("third"));
  Sentry.addEventProcessor(seen("fourth"));
  const id = Sentry.captureMessage("m");
  assert.match(id, /^[0-9a-f]{32}$/);
  assert.deepEqual(payloads(), []);
  assert.equal(await Sentry.flush(5000), true);
  const [event, ...others] = payloads();
  assert.deepEqual([event.event_id, event.tags, others.length], [id, { second: "ran", third: "ran" }, 0]);
  assert.deepEqual(order, ["first ", "second", "third", "fourth second,third", "beforeSend second,third"]);
});

test("beforeSendTransaction is waited for; the envelope knows the trace, and spans that are gone are counted", async () => {
  start({ beforeSendTransaction: async (event) => (await pause(1), { ...event, spans: event.spans.slice(1), tags: { late: "1" } }) });
  Sentry.startSpan({ name: "GET /", op: "http.server" }, () => {
    Sentry.startSpan({ name: "a", op: "db" }, () => {});
    Sentry.startSpan({ name: "b", op: "db", attributes: { password: "hunter2" } }, () => {});
  });
  assert.deepEqual(takeRecorded(), []);
  await Sentry.flush(5000);
  const [{ header, items }] = takeRecorded();
  const { payload } = items[0];
  assert.deepEqual([payload.transaction, payload.tags, payload.spans.length], ["GET /", { late: "1" }, 1]);
  assert.equal(payload.spans[0].data.password, "[Filtered]");
  assert.equal(header.trace.trace_id, payload.contexts.trace.trace_id);
  assert.deepEqual(dropped(), ["before_send span 1"]);
});

test("what is dropped, rejected or wrong later is counted by the hook that did it", async () => {
  const odd = { nothing: () => null, number: () => 42, rejected: () => Promise.reject(new Error("no")) };
  start({ beforeSendTransaction: async () => null, beforeSend: async (event) => odd[event.message]() });
  for (const name of Object.keys(odd)) Sentry.captureMessage(name);
  Sentry.startSpan({ name: "GET /" }, () => Sentry.startSpan({ name: "inner" }, () => {}));
  Sentry.withScope((scope) => {
    scope.addEventProcessor(async () => null);
    Sentry.captureMessage("dropped by a processor");
  });
  await Sentry.flush(5000);
  assert.deepEqual(payloads(), []);
  assert.deepEqual(dropped(), ["before_send error 3", "before_send span 2", "before_send transaction 1", "event_processor error 1"]);
});

test("one that never settles is given up, and named", async () => {
  start({ beforeSend: () => new Promise(() => {}), shutdownTimeout: 20, debug: true });
  Sentry.captureMessage("m");
  await Sentry.flush(5000);
  assert.deepEqual([payloads(), dropped()], [[], ["before_send error 1"]]);
});

test("other hooks have to answer at once: an answer that comes later drops the item and is said", async () => {
  start({ beforeBreadcrumb: async (crumb) => crumb });
  Sentry.addBreadcrumb({ message: "m" });
  Sentry.captureMessage("m");
  assert.equal(payloads()[0].breadcrumbs, undefined);
  start();
  Sentry.addEventProcessor(async (event) => event);
  Sentry.captureFeedback({ message: "hello" });
  await Sentry.flush(5000);
  assert.deepEqual([payloads(), dropped()], [[], ["event_processor feedback 1"]]);
  assert.deepEqual(takeSaid(), []);
});

test("a process that ends before says which hook had not answered", async () => {
  const file = program(`
    const Sentry = require("PACKAGE");
    Sentry.init({
      dsn: "http://key@127.0.0.1:9/42", storageDir: process.env.HOME, debug: true, shutdownTimeout: 100,
      beforeSend: (event) => new Promise((resolve) => setTimeout(resolve, 60_000, event)),
    });
    Sentry.captureMessage("m");
    process.exit(0);
  `);
  const { code, stderr } = await run(file);
  assert.equal(code, 0);
  assert.match(stderr, /beforeSend failed, its item is dropped: the process ended before its promise settled/);
});

test("an uncaught error whose hooks have answered, though nobody could be told yet, is not lost", async () => {
  const sink = await openSink();
  const file = program(`
    const Sentry = require("PACKAGE");
    Sentry.init({
      dsn: process.env.DSN, storageDir: process.env.HOME,
      beforeSend: async (event) => ({ ...event, tags: { ...event.tags, last: "1" } }),
    });
    Sentry.addEventProcessor(async (event) => ({ ...event, tags: { first: "1" } }));
    throw new Error("fatal");
  `);
  const { code, stderr } = await run(file, { DSN: sink.dsn });
  assert.equal(code, 1);
  assert.match(stderr, /Error: fatal/);
  await sink.arrived(1);
  await sink.close();
  assert.deepEqual([sink.events[0].exception.values[0].value, sink.events[0].tags], ["fatal", { first: "1", last: "1" }]);
});
