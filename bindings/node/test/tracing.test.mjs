// Spans as JavaScript sees them: callbacks, promises, scopes, and what costs nothing.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";

import * as Sentry from "watchpost";
import { initTesting, takeDiscarded, takeRecorded } from "watchpost/testing";

const { native } = createRequire(import.meta.url)("../dist/native.js");
const dsn = "https://key@errors.example.com/42";
const start = (options = {}) => initTesting({ dsn, tracesSampleRate: 1, ...options }, 1767323045, 1);
const sent = () => takeRecorded().map((envelope) => envelope.items[0].payload);
const pause = (ms = 1) => new Promise((resolve) => setTimeout(resolve, ms));

test("the span ends with its callback, and what comes out is the callback's", () => {
  start();
  const answer = Sentry.startSpan({ name: "import", op: "task", attributes: { rows: 3 } }, (span) => {
    assert.equal(Sentry.getActiveSpan(), span);
    assert.equal(span.isRecording(), true);
    return Sentry.startSpan({ name: "SELECT 1", op: "db" }, (child) => {
      assert.equal(Sentry.getRootSpan(child), span);
      return 42;
    });
  });
  assert.equal(answer, 42);
  assert.equal(Sentry.getActiveSpan(), undefined);
  const [transaction] = sent();
  assert.equal(transaction.transaction, "import");
  assert.equal(transaction.contexts.trace.op, "task");
  assert.deepEqual(transaction.contexts.trace.data, { rows: 3 });
  assert.deepEqual(transaction.spans.map(({ op, description }) => [op, description]), [["db", "SELECT 1"]]);
});

test("what is thrown is the caller's, and the status", async () => {
  start();
  const boom = new RangeError("boom");
  assert.throws(() => Sentry.startSpan({ name: "a" }, () => { throw boom; }), boom);
  await assert.rejects(Sentry.startSpan({ name: "b" }, async () => { await pause(); throw boom; }), boom);
  const own = (span) => { span.setStatus({ code: 2, message: "not_found" }); throw boom; };
  assert.throws(() => Sentry.startSpan({ name: "c" }, own), boom);
  assert.deepEqual(sent().map((t) => t.contexts.trace.status), ["internal_error", "internal_error", "not_found"]);
});

test("a promise is waited for, and work at the same time has spans of its own", async () => {
  start();
  await Sentry.startSpan({ name: "root" }, async (root) => {
    await Promise.all(
      [3, 1, 2].map((n) =>
        Sentry.startSpan({ name: `child ${n}` }, async (child) => {
          await pause(n);
          assert.equal(Sentry.getActiveSpan(), child);
          await Sentry.startSpan({ name: `grandchild ${n}` }, () => pause(1));
        }),
      ),
    );
    assert.equal(Sentry.getActiveSpan(), root);
  });
  const [{ spans, contexts }] = sent();
  const by = Object.fromEntries(spans.map((span) => [span.description, span]));
  for (const n of [1, 2, 3]) {
    assert.equal(by[`child ${n}`].parent_span_id, contexts.trace.span_id);
    assert.equal(by[`grandchild ${n}`].parent_span_id, by[`child ${n}`].span_id);
  }
});

test("a library's promise keeps its methods", async () => {
  start();
  class Query extends Promise {
    rows() {
      return "rows of " + this.sql;
    }
  }
  const query = Sentry.startSpan({ name: "q" }, () => Object.assign(Query.resolve(5), { sql: "SELECT 5" }));
  assert.equal(query.rows(), "rows of SELECT 5");
  assert.equal(await query, 5);
  assert.equal(sent().length, 1);
});

test("the callback runs in a fork of the current scope, whose data is the transaction's", () => {
  start();
  Sentry.startSpan({ name: "root" }, () => {
    Sentry.getCurrentScope().setTag("inner", "1");
    Sentry.startSpan({ name: "child" }, () => Sentry.getCurrentScope().setTag("innermost", "1"));
    Sentry.captureMessage("m");
  });
  Sentry.captureMessage("outside");
  const [inside, transaction, outside] = sent();
  assert.deepEqual(inside.tags, { inner: "1" });
  assert.deepEqual(transaction.tags, { inner: "1" });
  assert.equal(outside.tags, undefined);
  assert.equal(inside.contexts.trace.span_id, transaction.contexts.trace.span_id);
});

test("startSpanManual goes on until it is ended; startInactiveSpan is active nowhere", () => {
  start();
  let finish;
  const outer = Sentry.startSpanManual({ name: "manual" }, (span, end) => {
    finish = end;
    const inactive = Sentry.startInactiveSpan({ name: "inactive" });
    assert.equal(Sentry.getActiveSpan(), span);
    inactive.end();
    return span;
  });
  assert.equal(sent().length, 0);
  assert.equal(outer.isRecording(), true);
  finish();
  assert.equal(outer.isRecording(), false);
  assert.deepEqual(sent()[0].spans.map((span) => span.description), ["inactive"]);
});

test("parentSpan, onlyIfParent, forceTransaction, withActiveSpan", () => {
  start();
  const root = Sentry.startInactiveSpan({ name: "root" });
  Sentry.startSpan({ name: "child", parentSpan: root }, () => {});
  Sentry.startSpan({ name: "nowhere", onlyIfParent: true }, (span) => {
    assert.equal(span.isRecording(), false);
    assert.equal(Sentry.getActiveSpan(), undefined);
  });
  Sentry.withActiveSpan(root, () => {
    Sentry.startSpan({ name: "other", forceTransaction: true }, () => {});
    Sentry.withActiveSpan(null, () => Sentry.startSpan({ name: "alone" }, () => {}));
  });
  root.end();
  const [other, alone, first] = sent();
  assert.deepEqual(first.spans.map((span) => span.description), ["child"]);
  assert.equal(other.contexts.trace.trace_id, first.contexts.trace.trace_id);
  assert.equal(other.contexts.trace.parent_span_id, first.contexts.trace.span_id);
  assert.notEqual(alone.contexts.trace.trace_id, first.contexts.trace.trace_id);
});

test("the methods of a span", () => {
  start();
  const earlier = Sentry.startInactiveSpan({ name: "earlier" });
  const span = Sentry.startInactiveSpan({ name: "raw", startTime: new Date(1767323000_000), links: [{ context: earlier.spanContext() }] });
  span.setAttribute("a", 1).setAttribute("gone", 1).setAttribute("gone", undefined).setAttributes({ b: [1, 2], "sentry.op": "queue" });
  span.updateName("renamed").setStatus({ code: 2, message: "out of stock" }).setTag("t", true);
  span.addLinks([{ context: { traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: 1 }, attributes: { why: "x" } }]);
  span.recordException(new TypeError("bad"));
  const { traceId, spanId, traceFlags } = span.spanContext();
  assert.equal(traceFlags, 1);
  assert.equal(Sentry.spanToTraceHeader(span), `${traceId}-${spanId}-1`);
  assert.ok(Sentry.spanToBaggageHeader(span).includes(`sentry-trace_id=${traceId}`));
  const json = Sentry.spanToJSON(span);
  assert.deepEqual([json.description, json.op, json.status, json.data.a], ["renamed", "queue", "internal_error", 1]);
  span.end([1767323050, 500_000_000]);
  span.setAttribute("late", 1).updateName("late").setStatus("ok");
  const [transaction] = sent();
  assert.equal(transaction.transaction, "renamed");
  assert.deepEqual([transaction.start_timestamp, transaction.timestamp], [1767323000, 1767323050.5]);
  assert.deepEqual(transaction.tags, { t: "true" });
  const { data, links, status, op } = transaction.contexts.trace;
  assert.deepEqual([status, op, data.a, data.b, data.gone, data.late], ["internal_error", "queue", 1, [1, 2], undefined, undefined]);
  assert.equal(data["sentry.status.message"], "out of stock");
  assert.equal(data["exception.type"], "TypeError");
  assert.deepEqual(links.map((link) => link.trace_id), [earlier.spanContext().traceId, "a".repeat(32)]);
});

test("older programs: startTransaction, startChild, finish", () => {
  start();
  const transaction = Sentry.startTransaction({ name: "job", op: "task", tags: { a: 1 }, data: { n: 1 } });
  const child = transaction.startChild({ op: "db", description: "SELECT 2", data: { rows: 2 } });
  child.setData("more", true);
  child.setHttpStatus(404);
  child.finish();
  transaction.setStatus("ok");
  transaction.finish();
  const [sentOne] = sent();
  assert.deepEqual([sentOne.transaction, sentOne.contexts.trace.status, sentOne.tags.a], ["job", "ok", "1"]);
  const [span] = sentOne.spans;
  assert.deepEqual(span.data, { rows: 2, more: true, "http.response.status_code": 404 });
  assert.equal(span.status, "not_found");
});

test("HTTP statuses stand for the same everywhere", () => {
  const codes = [100, 200, 302, 400, 401, 403, 404, 409, 413, 418, 429, 499, 500, 501, 503, 504, 599];
  start();
  for (const code of codes) {
    const one = Sentry.startInactiveSpan({ name: String(code) });
    one.setStatus(Sentry.getSpanStatusFromHttpCode(code));
    one.end();
    const other = Sentry.startInactiveSpan({ name: String(code) });
    Sentry.setHttpStatus(other, code);
    other.end();
  }
  const statuses = sent().map((transaction) => transaction.contexts.trace.status);
  for (const at of codes.keys()) assert.equal(statuses[2 * at], statuses[2 * at + 1], codes[at]);
});

test("the sampler sees everything, and may answer with true or false", () => {
  const seen = [];
  start({ tracesSampler: (context) => (seen.push(context), context.name !== "no" && context.inheritOrSampleWith(1)) });
  const request = { url: "/orders", socket: {} };
  Sentry.startInactiveSpan({ name: "GET /orders", op: "http.server", attributes: { vip: true }, samplingContext: { request } }).end();
  Sentry.startSpan({ name: "no" }, (span) => assert.equal(span.isRecording(), false));
  Sentry.continueTrace({ sentryTrace: `${"a".repeat(32)}-${"b".repeat(16)}-0`, baggage: "sentry-sample_rate=0.25" }, () => {
    Sentry.startSpan({ name: "theirs" }, () => {});
  });
  assert.equal(seen[0].request, request);
  assert.deepEqual(seen[0].attributes, { vip: true, "sentry.source": "custom", "sentry.op": "http.server" });
  assert.equal(seen[0].parentSampled, undefined);
  assert.deepEqual([seen[0].transactionContext.name, seen[0].transactionContext.op], ["GET /orders", "http.server"]);
  assert.deepEqual([seen[2].parentSampled, seen[2].parentSampleRate, seen[2].inheritOrSampleWith(1)], [false, 0.25, 0.25]);
  assert.deepEqual(sent().map((transaction) => transaction.transaction), ["GET /orders"]);
});

test("processors and hooks see transactions, with the scopes of the start", () => {
  const order = [];
  const note = (name) => (event) => (order.push([name, event.type, event.transaction]), event);
  start({ beforeSendTransaction: note("hook"), beforeSend: note("never") });
  Sentry.getIsolationScope().addEventProcessor(note("isolation"));
  Sentry.startSpan({ name: "root" }, () => {
    Sentry.getCurrentScope().addEventProcessor(note("current"));
    Sentry.startSpan({ name: "child" }, () => {});
  });
  assert.deepEqual(order, ["isolation", "current", "hook"].map((name) => [name, "transaction", "root"]));
});

test("inside of suppressTracing no span starts and no header leaves", async () => {
  start();
  await Sentry.startSpan({ name: "root" }, async (root) => {
    await Sentry.suppressTracing(async () => {
      await pause();
      assert.equal(Sentry.isTracingSuppressed(), true);
      Sentry.startSpan({ name: "child" }, (span) => assert.equal(span.isRecording(), false));
      assert.deepEqual(Sentry.getTraceData(), {});
      assert.equal(Sentry.outgoingHeaders("https://api.example.com/"), undefined);
    });
    assert.equal(Sentry.getTraceData()["sentry-trace"], Sentry.spanToTraceHeader(root));
  });
  assert.deepEqual(sent()[0].spans ?? [], []);
});

test("a trace goes on from headers in any form", () => {
  start();
  const trace = `${"a".repeat(32)}-${"b".repeat(16)}-1`;
  const forms = [
    { sentryTrace: trace, baggage: ["sentry-release=x", "other=1"] },
    { "sentry-trace": trace, baggage: "sentry-release=x", host: "example.com" },
    { "Sentry-Trace": trace },
    { traceparent: `00-${trace.slice(0, -1)}01` },
  ];
  for (const form of forms) Sentry.continueTrace(form, () => Sentry.startSpan({ name: "in" }, () => {}));
  Sentry.startNewTrace(() => Sentry.startSpan({ name: "own" }, () => {}));
  const traces = sent().map((transaction) => transaction.contexts.trace);
  assert.deepEqual(traces.slice(0, 4).map((t) => [t.trace_id, t.parent_span_id]), forms.map(() => ["a".repeat(32), "b".repeat(16)]));
  assert.notEqual(traces[4].trace_id, "a".repeat(32));
});

test("a span that is not sampled calls nothing of the addon after its start", () => {
  start({ tracesSampleRate: 0 });
  const calls = count(() => {
    Sentry.startSpan({ name: "root", attributes: { a: 1 } }, (root) => {
      for (let n = 0; n < 10; n++) {
        Sentry.startSpan({ name: "child", op: "db", attributes: { n } }, (span) => span.setAttribute("b", n).setStatus({ code: 1 }));
      }
      root.setTag("a", "b");
    });
  });
  assert.deepEqual(calls, { startTransaction: 1 });
  assert.deepEqual(takeDiscarded().map(({ category, quantity }) => `${category} ${quantity}`).sort(), ["span 1", "transaction 1"]);
});

test("with tracing off nothing of the addon is called, and the trace is known all the same", () => {
  start({ tracesSampleRate: undefined });
  const calls = count(() => Sentry.startSpan({ name: "root" }, () => Sentry.startSpan({ name: "child" }, () => {})));
  assert.deepEqual(calls, {});
  Sentry.startSpan({ name: "root" }, (span) => {
    Sentry.captureMessage("m");
    assert.equal(sent()[0].contexts.trace.trace_id, span.spanContext().traceId);
  });
});

test("odd values cost no more than themselves, and nothing is thrown", () => {
  start({ tracesSampler: () => 1 });
  const cycle = {};
  cycle.self = cycle;
  for (const value of [null, undefined, 5, "text", [], {}, cycle, Symbol("s"), () => 1, 10n, new Date(NaN), Object.create(null)]) {
    const span = Sentry.startInactiveSpan({ name: value, op: value, attributes: value, startTime: value, links: value, origin: value, source: value });
    span.setAttribute(value, value).setAttributes(value).setStatus(value).updateName(value).setTag(value, value);
    span.addLink(value).addLinks(value).setMeasurement(value, value, value).setHttpStatus(value).recordException(value);
    span.setData("x", value);
    span.end(value);
    assert.equal(Sentry.startSpan(value, () => 1), 1);
    Sentry.continueTrace(value, () => Sentry.getTraceData());
  }
  assert.equal(sent().length, 24);
});

/** How often each function of the addon was called. */
function count(run) {
  const calls = {};
  const restore = [];
  for (const prototype of [native.NativeClient.prototype, native.NativeSpan.prototype, native.NativeScope.prototype]) {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const { value } = Object.getOwnPropertyDescriptor(prototype, name);
      if (typeof value !== "function" || name === "constructor") continue;
      prototype[name] = function (...given) {
        calls[name] = (calls[name] ?? 0) + 1;
        return value.apply(this, given);
      };
      restore.push(() => (prototype[name] = value));
    }
  }
  try {
    run();
  } finally {
    for (const undo of restore) undo();
  }
  return calls;
}
