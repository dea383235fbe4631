// The bridge in a real provider of OpenTelemetry.
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { context, defaultTextMapGetter, defaultTextMapSetter, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import * as Sentry from "watchpost";
import { WatchpostSpanProcessor } from "watchpost/opentelemetry";
import { initTesting, takeDiscarded, takeRecorded, takeSaid } from "watchpost/testing";

const TRACE = "771a43a4192642f0b136d5159a501700";
const PARENT = "b7ad6b7169203331";

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
after(() => context.disable());

function begin(options = {}) {
  initTesting({ dsn: "https://key@errors.example.com/42", tracesSampleRate: 1, ...options }, 1767323045, 1);
  const processor = new WatchpostSpanProcessor();
  Sentry.getGlobalScope().addEventProcessor(processor.eventProcessor);
  const provider = new BasicTracerProvider({ spanProcessors: [processor] });
  return { propagator: processor.propagator(), tracer: provider.getTracer("shop") };
}

const payloads = () => takeRecorded().map((envelope) => envelope.items[0].payload);
const arriving = (propagator, headers) => propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
function leaving(propagator, around) {
  const headers = {};
  propagator.inject(around, headers, defaultTextMapSetter);
  return headers;
}

test("spans are spans, and events belong to them", () => {
  const { tracer } = begin();
  const attributes = { "http.request.method": "GET", "http.route": "/orders/{id}" };
  let root, inner;
  tracer.startActiveSpan("GET /orders/{id}", { kind: SpanKind.SERVER, attributes }, (span) => {
    root = span.spanContext();
    tracer.startActiveSpan("SELECT", (child) => {
      inner = child.spanContext();
      child.setAttribute("db.system.name", "sqlite").setAttribute("ids", [1, 2]);
      child.setStatus({ code: SpanStatusCode.ERROR, message: "locked" });
      child.addLink({ context: { traceId: root.traceId, spanId: PARENT, traceFlags: 1 }, attributes: { position: 1 } });
      Sentry.captureMessage("inside");
      child.end();
    });
    span.setAttribute("http.response.status_code", 503).end();
  });
  Sentry.captureMessage("outside");
  const [event, transaction, outside] = payloads();
  const own = transaction.contexts.trace;
  assert.deepEqual([own.trace_id, own.span_id, own.parent_span_id], [root.traceId, root.spanId, undefined]);
  assert.deepEqual([own.op, own.status, own.origin], ["http.server", "unavailable", "auto.otel"]);
  assert.equal(own.data["http.response.status_code"], 503);
  assert.deepEqual([transaction.transaction, transaction.transaction_info.source], ["GET /orders/{id}", "route"]);
  const [span] = transaction.spans;
  assert.deepEqual([span.span_id, span.parent_span_id], [inner.spanId, root.spanId]);
  assert.deepEqual([span.op, span.status, span.description, span.origin], ["db", "unknown_error", "SELECT", "auto.otel"]);
  assert.deepEqual(span.data, { "db.system.name": "sqlite", ids: [1, 2] });
  assert.deepEqual(span.links, [{ trace_id: root.traceId, span_id: PARENT, sampled: true, attributes: { position: 1 } }]);
  const { trace_id, span_id, parent_span_id } = event.contexts.trace;
  assert.deepEqual([trace_id, span_id, parent_span_id], [root.traceId, inner.spanId, root.spanId]);
  assert.notEqual(outside.contexts.trace.trace_id, root.traceId);
  assert.deepEqual(takeSaid(), []);
});

test("a trace arrives and leaves", () => {
  const { propagator, tracer } = begin();
  const baggage = `theirs=1,sentry-trace_id=${TRACE},sentry-release=web%401`;
  const arrived = arriving(propagator, { "sentry-trace": `${TRACE}-${PARENT}-1`, baggage });
  const span = tracer.startSpan("order", {}, arrived);
  const mine = propagation.createBaggage({ mine: { value: "2" } });
  const sent = leaving(propagator, propagation.setBaggage(trace.setSpan(arrived, span), mine));
  span.end();
  const [{ contexts }] = payloads();
  assert.deepEqual([contexts.trace.trace_id, contexts.trace.parent_span_id], [TRACE, PARENT]);
  assert.equal(sent["sentry-trace"], `${TRACE}-${contexts.trace.span_id}-1`);
  assert.match(sent.baggage, /^mine=2,/);
  assert.match(sent.baggage, /sentry-release=web%401/);
  assert.doesNotMatch(sent.baggage, /theirs/);
});

test("decisions of others hold", () => {
  const { propagator, tracer } = begin();
  const arrived = arriving(propagator, { "sentry-trace": `${TRACE}-${PARENT}-0` });
  const span = tracer.startSpan("order", {}, arrived);
  assert.match(leaving(propagator, trace.setSpan(arrived, span))["sentry-trace"], new RegExp(`^${TRACE}-\\w{16}-0$`));
  span.end();
  assert.deepEqual(payloads(), []);
  assert.equal(arriving(propagator, { "sentry-trace": "nonsense" }), ROOT_CONTEXT);
});

test("without tracing nothing is sent, and a span of ours is the parent", () => {
  const { tracer } = begin({ tracesSampleRate: undefined });
  tracer.startActiveSpan("order", (span) => span.end());
  assert.deepEqual(payloads(), []);
  const traced = begin();
  Sentry.startSpan({ name: "import", op: "task" }, () => traced.tracer.startSpan("order").end());
  const [transaction, ...others] = payloads();
  assert.deepEqual(transaction.spans.map(({ description }) => description), ["order"]);
  assert.deepEqual(others, []);
});

test("the hooks of transactions and the sampler see it", () => {
  const seen = [];
  const { tracer } = begin({
    tracesSampler: ({ attributes, name }) => (seen.push([name, attributes?.tenant]), name === "kept" ? 1 : 0),
    beforeSendTransaction: (event) => ({ ...event, transaction: "renamed" }),
  });
  tracer.startSpan("kept", { attributes: { tenant: "a" } }).end();
  tracer.startSpan("dropped", { attributes: { tenant: "b" } }).end();
  assert.deepEqual(seen, [["kept", "a"], ["dropped", "b"]]);
  assert.deepEqual(payloads().map(({ transaction }) => transaction), ["renamed"]);
  assert.deepEqual(takeDiscarded().map(({ reason, category }) => [reason, category])[0], ["sample_rate", "transaction"]);
});

test("nothing global is taken over", () => {
  const { propagator } = begin();
  assert.equal(trace.getTracer("x").startSpan("y").isRecording(), false);
  assert.deepEqual(propagation.fields(), []);
  assert.deepEqual(propagator.fields(), ["sentry-trace", "baggage", "traceparent"]);
});
