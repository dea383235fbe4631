// The verbs and hooks of logs, metrics, check-ins, feedback, attachments, flags, attributes and sessions.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

import * as Sentry from "watchpost";
import { takeSaid } from "watchpost/testing";

const folder = mkdtempSync(join(tmpdir(), "watchpost-vectors-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** What runs a call if it is one of these; `inner` runs the calls inside of it. */
export function signalCall(call, target, captured, inner) {
  switch (call.do) {
    case "log":
      return () => {
        const { level, message, times = 1, attributes, template, parameters } = call;
        const made = template && Sentry.logger.fmt(template.split("{}"), ...parameters);
        assert.ok(!made || String(made) === message, `${made} is not ${message}`);
        Sentry.logger[level](made ?? message.repeat(times), attributes);
      };
    case "metric":
      return () => {
        const kind = { counter: "count", gauge: "gauge", distribution: "distribution" }[call.type];
        const { unit, attributes } = call;
        Sentry.metrics[kind](call.name, call.value ?? NaN, { unit, attributes });
      };
    case "check_in":
      return () => {
        const { monitor_config: config, ...checkIn } = camelKeys(call.check_in);
        captured.push(judged(() => Sentry.captureCheckIn(checkIn, config), call.refused));
      };
    case "monitor":
      return () => monitor(call, inner);
    case "feedback":
      return () => {
        const { message, name, url, contact_email: email, associated_event_id: associatedEventId } = call.feedback;
        const feedback = { message, name, url, email, associatedEventId, replayId: call.feedback.replay_id };
        captured.push(judged(() => Sentry.captureFeedback(feedback, hint(call)), call.refused));
      };
    case "write_file":
      return () => writeFileSync(join(folder, call.file), call.content.repeat(call.times ?? 1));
    case "remove_file":
      return () => rmSync(join(folder, call.file));
    case "add_attachment":
      return () => void target.addAttachment(attachment(call.attachment));
    case "clear_attachments":
      return () => void target.clearAttachments();
    case "add_feature_flag":
      return () => void target.addFeatureFlag(call.flag, call.result);
    case "remove_feature_flag":
      return () => void target.removeFeatureFlag(call.flag);
    case "set_attribute":
      return () => void target.setAttribute(call.key, call.value);
    case "remove_attribute":
      return () => void target.removeAttribute(call.key);
    case "set_attributes":
      return () => void target.setAttributes(call.attributes);
    case "start_session":
      return () => Sentry.startSession();
    case "end_session":
      return () => Sentry.endSession();
    case "pause_session":
      return () => Sentry.pauseSession();
    case "resume_session":
      return () => Sentry.resumeSession();
    case "request_session":
      return () => requestSession(call, inner);
    case "answer_request":
      return () => answerRequest(call, inner);
    default:
      return undefined;
  }
}

/** What a capture is given beside the event. */
export function hint(call) {
  return call.attachments ? { attachments: call.attachments.map(attachment) } : undefined;
}

/** The options with the hooks of these. */
export function signalHooks(hooks, eventHook) {
  const options = {};
  const attribute = ([name, value]) => (item) => ({ ...item, attributes: { ...item.attributes, [name]: value } });
  const menu = (name, change) => {
    if (name === "capture") {
      return (item) => {
        Sentry.captureMessage("from the hook");
        Sentry.logger.info("from the hook");
        return item;
      };
    }
    const changes = { set_tag: ["hook", "ran"], add_secret: ["password", "hush"] };
    return name in changes ? change(changes[name]) : eventHook(name);
  };
  if (hooks.before_send_log) options.beforeSendLog = menu(hooks.before_send_log, attribute);
  if (hooks.before_send_metric) options.beforeSendMetric = menu(hooks.before_send_metric, attribute);
  if (hooks.before_send_check_in) {
    const environment = () => (item) => ({ ...item, environment: "hooked" });
    options.beforeSendCheckIn = menu(hooks.before_send_check_in, environment);
  }
  if (hooks.before_send_feedback) options.beforeSendFeedback = eventHook(hooks.before_send_feedback);
  if (hooks.error_sampler !== undefined) options.errorSampler = (event) => errorRate(hooks.error_sampler, event);
  return options;
}

function errorRate(rule, event) {
  if (typeof rule === "number") return rule;
  switch (rule) {
    case "throw":
      throw new Error("hook failed");
    case "bad_type":
      return "yes";
    case "capture":
      Sentry.captureMessage("from the hook");
      return 1;
  }
  const [[field, rates]] = Object.entries(rule);
  const tag = field.startsWith("tag.") ? field.slice("tag.".length) : undefined;
  assert.ok(tag || field === "type" || field === "message", `unknown field ${field}`);
  const seen =
    field === "type" ? event.exception?.values.at(-1).type : tag ? event.tags?.[tag] : event.message;
  return rates[seen] ?? rates["*"];
}

function monitor(call, inner) {
  const run = () =>
    Sentry.withMonitor(
      call.slug,
      () => {
        inner(call.calls);
        if (call.outcome) throw new Error(`job failed: ${call.outcome}`);
      },
      call.config && camelKeys(call.config),
    );
  if (call.outcome) assert.throws(run, /job failed/);
  else run();
}

function requestSession(call, inner) {
  Sentry.withIsolationScope(() => {
    const session = Sentry.startRequestSession();
    inner(call.calls);
    if (call.mark === "errored") session?.markErrored();
    if (call.mark === "crashed") session?.markCrashed();
    session?.end();
  });
}

/** Whether an id came back; what is refused has to be named in the debug output, and only then may there be a word. */
function judged(capture, refused) {
  takeSaid();
  const id = capture();
  const said = takeSaid();
  if (refused === undefined) assert.deepEqual(said, []);
  else assert.ok(said.length === 1 && said[0].includes(refused), `${said} does not name ${refused}`);
  return id !== undefined;
}

function attachment({ path, bytes, times = 1, filename, content_type, attachment_type, add_to_transactions }) {
  return {
    ...(path ? { path: join(folder, path) } : { data: bytes.repeat(times) }),
    filename,
    contentType: content_type,
    attachmentType: attachment_type,
    addToTransactions: add_to_transactions,
  };
}

/** The fields of an object in camel case, but for `monitor_config`, which is an argument of its own. */
function camelKeys(object) {
  const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
  const entries = Object.entries(object).map(([name, value]) =>
    name === "monitor_config" ? [name, camelKeys(value)] : [camel(name), value],
  );
  return Object.fromEntries(entries);
}

/** The integrations that the calls of a vector need. */
export function needed(calls) {
  return calls.some((call) => call.do === "answer_request") ? [Sentry.httpServerIntegration()] : [];
}

/** A server answers, over a real connection. */
async function answerRequest({ method, path, headers, status, calls = [] }, inner) {
  let failure;
  let closed;
  const server = createServer((incoming, response) => {
    closed = once(response, "close");
    try {
      inner(calls);
    } catch (error) {
      failure = error;
    }
    if (status === undefined) outgoing.destroy();
    else response.writeHead(status).end();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address();
  const outgoing = request({ host: "127.0.0.1", port, method, path, headers, agent: false });
  const ended = new Promise((resolve) => outgoing.on("error", resolve).on("response", (response) => response.resume().on("end", resolve)));
  outgoing.end();
  await ended;
  await closed;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  if (failure) throw failure;
}
