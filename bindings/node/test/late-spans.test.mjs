// Most spans are told of at their ends alone: nobody may notice.
import assert from "node:assert/strict";
import { test } from "node:test";

import * as Sentry from "watchpost";
import { initTesting, takeDiscarded, takeRecorded } from "watchpost/testing";

import { temporary } from "./support/child.mjs";
import { openSink } from "./support/sink.mjs";

const dsn = "https://key@errors.example.com/42";
const start = (options = {}) => initTesting({ dsn, tracesSampleRate: 1, ...options }, 1767323045, 1);
const sent = () => takeRecorded().map((envelope) => envelope.items[0].payload);
const names = (spans) => spans.map((span) => span.description);

test("whoever asks is told which span it is, before its end or after it", () => {
  start();
  const asked = [];
  const root = Sentry.startSpan({ name: "root" }, (root) => {
    for (const name of ["a", "b", "c"]) asked.push([name, Sentry.startSpan({ name }, (span) => span)]);
    Sentry.startSpan({ name: "early" }, (span) => asked.push(["early", span, span.spanContext().spanId]));
    Sentry.startSpan({ name: "outer" }, (outer) => {
      asked.push(["outer", outer]);
      asked.push(["inner", Sentry.startSpan({ name: "inner" }, (inner) => inner)]);
    });
    return root;
  });
  const [{ spans, contexts }] = sent();
  assert.deepEqual(names(spans), ["a", "b", "c", "early", "inner", "outer"]);
  const { trace_id: trace, span_id: top } = contexts.trace;
  for (const [name, span, known] of asked) {
    const { span_id: id, parent_span_id: parent } = spans.find((one) => one.description === name);
    assert.deepEqual(span.spanContext(), { traceId: trace, spanId: id, traceFlags: 1 });
    assert.equal(known ?? id, id);
    const { trace_id, span_id, parent_span_id } = Sentry.spanToJSON(span);
    assert.deepEqual([trace_id, span_id, parent_span_id], [trace, id, parent]);
    assert.equal(span.toTraceparent(), `${trace}-${id}-1`);
    assert.ok(span.headers("other=1")[1].startsWith("other=1,"));
  }
  assert.equal(new Set(spans.map((span) => span.span_id)).size, spans.length);
  const outer = spans.find((span) => span.description === "outer");
  assert.deepEqual(spans.map((span) => span.parent_span_id), [top, top, top, top, outer.span_id, top]);
  assert.equal(root.spanContext().spanId, top);
});

test("whoever is one too many is so by the order of the starts", () => {
  start({ maxSpans: 2 });
  Sentry.startSpan({ name: "root" }, () => {
    const [a, b, c] = ["a", "b", "c"].map((name) => Sentry.startInactiveSpan({ name }));
    assert.deepEqual([a, b, c].map((span) => span.isRecording()), [true, true, false]);
    for (const span of [c, b, a]) span.end();
  });
  assert.deepEqual(sent().map(({ spans }) => names(spans)), [["b", "a"]]);
  assert.deepEqual(takeDiscarded().map(({ reason, quantity }) => [reason, quantity]), [["buffer_overflow", 1]]);
});

test("what is said of it comes along, and what happens in it belongs to it", () => {
  start();
  Sentry.startSpan({ name: "root" }, () => {
    Sentry.startSpan({ name: "plain", op: "db", attributes: { rows: 1, "sentry.origin": "auto.db" } }, (span) => {
      span.setAttribute("rows", undefined).setAttribute("more", [true]);
    });
    Sentry.startSpan({ name: "known", startTime: 1767323000 }, (span) => {
      span.setStatus("not_found").setOp("cache").updateName("renamed");
      Sentry.captureException(new Error("inside"));
      span.end(1767323001);
    });
  });
  const [event, { spans: [plain, renamed] }] = sent();
  assert.deepEqual([plain.op, plain.origin, plain.data], ["db", "auto.db", { more: [true] }]);
  const { description, op, status, start_timestamp: began, timestamp } = renamed;
  assert.deepEqual([description, op, status, began, timestamp], ["renamed", "cache", "not_found", 1767323000, 1767323001]);
  assert.equal(event.contexts.trace.span_id, renamed.span_id);
});

test("one that outlives its transaction is counted", () => {
  start();
  const late = Sentry.startSpan({ name: "root" }, () => Sentry.startInactiveSpan({ name: "late" }));
  late.end();
  assert.deepEqual(sent().map(({ spans }) => spans ?? []), [[]]);
  assert.deepEqual(takeDiscarded().map(({ reason, quantity }) => [reason, quantity]), [["insufficient_data", 1]]);
});

test("each has the time that it took, inside of its parent's", async () => {
  const sink = await openSink();
  Sentry.init({ dsn: sink.dsn, tracesSampleRate: 1, storageDir: temporary() });
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  await Sentry.startSpan({ name: "root" }, async () => {
    Sentry.startSpan({ name: "at once" }, () => {});
    await Sentry.startSpan({ name: "outer" }, async () => {
      await pause(20);
      await Sentry.startSpan({ name: "inner" }, () => pause(30));
    });
  });
  assert.ok(await Sentry.close(10_000));
  const [{ spans, start_timestamp: began, timestamp: ended }] = sink.of("transaction");
  await sink.close();
  assert.deepEqual(names(spans), ["at once", "inner", "outer"]);
  const [atOnce, inner, outer] = spans.map((span) => [span.start_timestamp, span.timestamp]);
  const inside = ([from, to], [first, last]) => assert.ok(first <= from && from <= to && to <= last, `${from} ${to} in ${first} ${last}`);
  inside(atOnce, [began, outer[0]]);
  inside(inner, outer);
  inside(outer, [began, ended]);
  assert.ok(inner[1] - inner[0] >= 0.029 && outer[1] - outer[0] >= 0.048 && inner[0] - outer[0] >= 0.019);
});
