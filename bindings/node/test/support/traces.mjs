// The verbs and hooks of traces.
import assert from "node:assert/strict";

import * as Sentry from "watchpost";

let spans = {};
let headers = [];

/** Forgets what the last vector left. */
export function reset() {
  spans = {};
  headers = [];
}

/** What `get_trace_data` and `outgoing_headers` answered, in order. */
export function answered() {
  return headers;
}

/** What runs a call if it is one of traces; `inner` runs the calls inside of it, `rest` those that come after it. */
export function traceCall(call, inner, rest) {
  const { op, origin, attributes, source, sampled, start: startTime, sampling_context: samplingContext } = call;
  const links = call.links?.map(link);
  const around = (span) => {
    if (call.as) spans[call.as] = span;
    return inner(call.calls);
  };
  switch (call.do) {
    case "start_transaction": {
      const options = { name: call.name, op, origin, attributes, source, sampled, startTime, samplingContext, links };
      options.parentSpan = null;
      if (call.calls) return () => Sentry.startSpan(options, around);
      return () => void (spans[call.as] = Sentry.startInactiveSpan(options));
    }
    case "start_span": {
      const options = { name: call.description ?? "", op, origin, attributes, startTime, links };
      if (!call.in) return () => Sentry.startSpan(options, around);
      return () => void (spans[call.as] = Sentry.startInactiveSpan({ ...options, parentSpan: spans[call.in] }));
    }
    case "set_span":
      return () => void set(target(call), call);
    case "add_link":
      return () => void target(call).addLink(link(call.link));
    case "finish_span":
      return () => void target(call).end(call.at);
    case "with_span":
      return () => Sentry.withActiveSpan(spans[call.span], () => inner(call.calls));
    case "continue_trace":
      return () => Sentry.continueTrace(call.headers, rest);
    case "start_new_trace":
      return () => Sentry.startNewTrace(() => inner(call.calls));
    case "get_trace_data":
      return () => void headers.push(parts(Sentry.getTraceData()));
    case "outgoing_headers":
      return () => void headers.push(parts(Sentry.outgoingHeaders(call.url, call.baggage)));
    default:
      return undefined;
  }
}

/** The options with the hooks of traces. */
export function traceHooks(hooks, eventHook) {
  const options = {};
  const { before_send_transaction: transaction, before_send_span: span, traces_sampler: sampler } = hooks;
  if (transaction) {
    options.beforeSendTransaction =
      transaction === "drop_spans" ? (event) => ({ ...event, spans: [] }) : eventHook(transaction);
  }
  if (span) options.beforeSendSpan = spanHook(span);
  if (sampler !== undefined) options.tracesSampler = (context) => sample(sampler, context);
  return options;
}

function spanHook(name) {
  const hooks = {
    echo: (span) => span,
    drop: () => null,
    bad_type: () => 42,
    throw: () => {
      throw new Error("hook failed");
    },
    set_tag: (span) => ({ ...span, attributes: { ...span.attributes, hook: "ran" } }),
  };
  assert.ok(hooks[name], `unknown hook ${name}`);
  return hooks[name];
}

function sample(rule, context) {
  if (typeof rule === "number") return rule;
  switch (rule) {
    case "throw":
      throw new Error("hook failed");
    case "bad_type":
      return "yes";
    case "parent_rate":
      return context.parentSampleRate ?? 0;
    case "parent_sampled":
      return context.parentSampled === true;
  }
  const [[field, rates]] = Object.entries(rule);
  if (field === "custom") return context[rates];
  if (field === "attribute") return context.attributes[rates];
  const value = { name: context.name, op: context.attributes["sentry.op"], source: context.attributes["sentry.source"] };
  assert.ok(field in value, `unknown field ${field}`);
  return rates[value[field]] ?? rates["*"];
}

function set(span, call) {
  if (call.name !== undefined) Sentry.updateSpanName(span, call.name);
  if (call.source !== undefined) span.setAttribute("sentry.source", call.source);
  if (call.op !== undefined) span.setOp(call.op);
  if (call.description !== undefined) span.updateName(call.description);
  if (call.origin !== undefined) span.setAttribute("sentry.origin", call.origin);
  if (call.status !== undefined) span.setStatus({ code: call.status === "ok" ? 1 : 2, message: call.status });
  if (call.http_status !== undefined) Sentry.setHttpStatus(span, call.http_status);
  for (const [key, value] of Object.entries(call.tags ?? {})) span.setTag(key, value);
  if (call.data) span.setAttributes(call.data);
  for (const [name, { value, unit }] of Object.entries(call.measurements ?? {})) {
    Sentry.setMeasurement(name, value, unit, span);
  }
}

/** The span that a call names, else the active one. */
function target(call) {
  return call.span ? spans[call.span] : Sentry.getActiveSpan();
}

function link({ to, trace_id: traceId, span_id: spanId, sampled, attributes }) {
  if (to) return { context: spans[to].spanContext(), attributes };
  const context = { traceId, spanId };
  if (sampled !== undefined) context.traceFlags = Number(sampled);
  return { context, attributes };
}

function parts(data) {
  if (!data?.["sentry-trace"]) return null;
  const [trace_id, span_id, sampled] = data["sentry-trace"].split("-");
  const baggage = data.baggage ?? "";
  const members = Object.fromEntries(
    baggage
      .split(",")
      .filter((member) => member.includes("="))
      .map((member) => [member.slice(0, member.indexOf("=")), member.slice(member.indexOf("=") + 1)]),
  );
  return { trace_id, span_id, sampled, baggage, members, traceparent: data.traceparent };
}
