// Integrations that add to events, take away from them, or drop them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import * as Sentry from "watchpost";
import { initTesting, takeRecorded } from "watchpost/testing";

import { ask, stop } from "./support/serving.mjs";

function start(integrations, options = {}) {
  initTesting({ dsn: "https://key@errors.example.com/42", integrations, ...options }, 1767323045, 1);
}

function events() {
  return takeRecorded().flatMap((envelope) => envelope.items).map((item) => item.payload);
}

function capture(error) {
  Sentry.captureException(error);
  return events()[0];
}

test("requestData takes away from a request", async () => {
  const integrations = (include) => [Sentry.httpServerIntegration(), Sentry.requestDataIntegration({ include })];
  const server = createServer((_request, response) => (Sentry.captureMessage("m"), response.end()));
  const all = { cookies: false, headers: false, ip: false, query_string: false, url: false };
  const seen = [];
  for (const include of [undefined, { headers: false, ip: true }, all]) {
    start(integrations(include), { sendDefaultPii: true });
    await ask(server, ["/a?x=1"], { cookie: "theme=dark" });
    const [{ request, user }] = events();
    seen.push([request.method, request.url !== undefined, request.query_string, request.cookies, request.headers !== undefined, user?.ip_address, request.env?.REMOTE_ADDR]);
  }
  await stop(server);
  assert.deepEqual(seen, [
    ["GET", true, "x=1", "theme=dark", true, "127.0.0.1", "127.0.0.1"],
    ["GET", true, "x=1", "theme=dark", false, "127.0.0.1", "127.0.0.1"],
    ["GET", false, undefined, undefined, false, undefined, undefined],
  ]);
});

test("linkedErrors says which errors belong to one", () => {
  const error = Object.assign(new Error("c", { cause: new Error("b", { cause: new Error("a") }) }), { reason: new Error("other") });
  const values = (integrations) => {
    start(integrations);
    return capture(error).exception.values.map(({ value, mechanism }) => [value, mechanism.source]);
  };
  assert.deepEqual(values([]).map(([value]) => value), ["a", "b", "c"]);
  assert.deepEqual(values([Sentry.linkedErrorsIntegration({ limit: 1 })]).map(([value]) => value), ["b", "c"]);
  assert.deepEqual(values([Sentry.linkedErrorsIntegration({ key: "reason" })]), [["other", "reason"], ["c", undefined]]);
  assert.deepEqual(values([]).map(([value]) => value), ["a", "b", "c"]);
});

test("extraErrorData tells what an error has of its own", () => {
  class PayError extends Error {
    name = "PayError";
    constructor() {
      super("no money", { cause: "poor" });
      Object.assign(this, { left: 3, deep: { a: { b: { c: 1 } } }, inner: new RangeError("far"), password: "x" });
    }
    get broken() {
      throw new Error("no");
    }
  }
  start([Sentry.extraErrorDataIntegration({ depth: 2 })]);
  assert.deepEqual(capture(new PayError()).contexts.PayError, {
    left: 3,
    deep: { a: { b: "[object]" } },
    inner: "RangeError: far",
    password: "[Filtered]",
    cause: "poor",
  });
  const socket = new (class Socket { bytes = Buffer.from("abc"); at = new Date(0); server = { socket: this, deep: { deeper: {} } } })();
  assert.deepEqual(capture(Object.assign(new Error("x"), { socket })).contexts.Error, {
    socket: { bytes: "[Buffer: 3 bytes]", at: "1970-01-01T00:00:00.000Z", server: { socket: "[object]", deep: "[object]" } },
  });
  start([Sentry.extraErrorDataIntegration({ captureErrorCause: false })]);
  assert.equal(capture(new Error("plain", { cause: 1 })).contexts.Error, undefined);
  start([Sentry.extraErrorDataIntegration()]);
  Sentry.captureMessage("m");
  assert.equal(events().length, 1);
});

test("a failed system call says what it was", () => {
  let error;
  try {
    readFileSync("/nonexistent/file");
  } catch (thrown) {
    error = thrown;
  }
  start([Sentry.systemErrorIntegration()]);
  assert.deepEqual(capture(error).contexts.node_system_error, { code: "ENOENT", errno: -2, syscall: "open" });
  start([Sentry.systemErrorIntegration({ includePaths: true })]);
  assert.equal(capture(error).contexts.node_system_error.path, "/nonexistent/file");
});

test("rewriteFrames writes the names of files in another way", () => {
  const file = fileURLToPath(import.meta.url);
  const innermost = (options) => {
    start([Sentry.rewriteFramesIntegration(options)]);
    return capture(new Error("here")).exception.values[0].stacktrace.frames.at(-1).filename;
  };
  assert.equal(innermost(), "app:///event-data.test.mjs");
  assert.equal(innermost({ root: file.replace(/\/test\/.*/, ""), prefix: "~/" }), "~/test/event-data.test.mjs");
  assert.equal(innermost({ iteratee: (frame) => ({ ...frame, filename: "x.js" }) }), "x.js");
});

test("dedupe drops what is the same as the one before", () => {
  start([Sentry.dedupeIntegration()]);
  const fail = (text) => Sentry.captureException(new Error(text));
  for (const text of ["a", "a", "b", "a"]) fail(text);
  for (const text of ["m", "m", "n"]) Sentry.captureMessage(text);
  const texts = events().map(({ exception, logentry }) => exception?.values[0].value ?? logentry.formatted ?? logentry.message);
  assert.deepEqual(texts, ["a", "b", "a", "m", "n"]);
});

for (const make of ["eventFiltersIntegration", "inboundFiltersIntegration"]) {
  test(`${make} drops by texts and patterns`, () => {
    start([Sentry[make]({ ignoreErrors: ["quiet", /^TypeError: no/], ignoreTransactions: ["health"] })], { tracesSampleRate: 1 });
    for (const error of [new Error("quiet please"), new TypeError("no"), new Error("no")]) Sentry.captureException(error);
    for (const name of ["GET /health", "GET /pay"]) Sentry.startSpan({ name }, () => {});
    Sentry.captureMessage("be quiet");
    assert.deepEqual(events().map((event) => event.transaction ?? event.exception.values[0].value), ["no", "GET /pay"]);
  });
}

test("errors of zod are told by their keys", () => {
  class ZodError extends Error {
    name = "ZodError";
    issues = [{ code: "invalid_type", path: ["items", 0, "price"] }, { code: "invalid_type", path: ["items", 1, "price"] }, { code: "custom", path: ["name"] }];
  }
  start([Sentry.zodErrorsIntegration({ limit: 2, saveZodIssuesAsAttachment: true })]);
  Sentry.captureException(new ZodError("[...]"));
  const recorded = takeRecorded().flatMap((envelope) => envelope.items);
  const event = recorded.find((item) => item.header.type === "event").payload;
  assert.equal(event.exception.values[0].value, "Failed to validate keys: items.<array>.price, name");
  assert.deepEqual(event.extra["zoderror.issues"].map(({ path }) => path), ["items.0.price", "items.1.price"]);
  assert.ok(recorded.some((item) => item.header.filename === "zod_issues.json"));
});

test("listeners of a client", async () => {
  start([{ name: "Early", preprocessEvent: (event) => void (event.tags = { ...event.tags, early: "1" }) }]);
  const client = Sentry.getClient();
  const seen = [];
  const off = client.on("beforeSendEvent", (event, hint) => seen.push([event.tags.early, event.tags.late, hint.originalException.message]));
  client.on("preprocessEvent", (event) => seen.push([event.tags.early, event.tags.late]));
  client.on("own", (value) => seen.push(value));
  client.on("own", () => { throw new Error("no") });
  client.on("flush", () => seen.push("flush"));
  client.on("close", () => seen.push("close"));
  Sentry.addEventProcessor((event) => ({ ...event, tags: { ...event.tags, late: "1" } }));
  Sentry.getCurrentScope().addEventProcessor((event) => ({ ...event, tags: { ...event.tags, late: "0" } }));
  client.captureException(new Error("x"));
  client.emit("own", 7);
  off();
  client.captureMessage("y", "warning", undefined, Sentry.getCurrentScope());
  assert.equal(client.captureEvent({ message: "z" })?.length, 32);
  await client.flush();
  await client.close();
  assert.deepEqual(seen, [["1", undefined], ["1", "0", "x"], 7, ["1", undefined], ["1", undefined], "flush", "close"]);
});

test("a client of one's own reports once it is the current one", async () => {
  start([]);
  const client = new Sentry.NodeClient({ dsn: "https://key@errors.example.com/42", spool: false, integrations: [{ name: "Mine" }] });
  assert.equal(client.captureMessage("too early"), undefined);
  Sentry.setCurrentClient(client);
  client.init();
  assert.deepEqual([Sentry.getClient() === client, client.getIntegrationNames(), client.getDsn().projectId], [true, ["Mine"], "42"]);
  assert.equal(client.captureMessage("now")?.length, 32);
  await client.close(0);
});

test("names of version 7", () => {
  start([]);
  Sentry.withScope(() => {
    Sentry.configureScope((scope) => scope.setTag("old", "1"));
    Sentry.getCurrentHub().captureMessage("m");
  });
  Sentry.getCurrentHub().getClient().captureMessage("n");
  assert.deepEqual(events().map(({ tags }) => tags), [{ old: "1" }, undefined]);
});

test("a scope tells what it holds", () => {
  start([]);
  const scope = new Sentry.Scope();
  assert.deepEqual(scope.getScopeData(), { breadcrumbs: [], contexts: {}, eventProcessors: [], extra: {}, fingerprint: [], tags: {}, user: {} });
  const processor = (event) => event;
  scope.setTag("a", 1).setExtra("b", [2]).setContext("c", { d: 3 }).setUser({ id: "7" }).setLevel("warning").setFingerprint(["f"]);
  scope.setTransactionName("GET /a").addBreadcrumb({ message: "first" }).addBreadcrumb({ message: "last" }).addEventProcessor(processor);
  const { breadcrumbs, ...rest } = scope.getScopeData();
  assert.deepEqual(rest, {
    contexts: { c: { d: 3 } },
    eventProcessors: [processor],
    extra: { b: [2] },
    fingerprint: ["f"],
    level: "warning",
    tags: { a: "1" },
    transactionName: "GET /a",
    user: { id: "7" },
  });
  assert.deepEqual(breadcrumbs.map(({ message }) => message), ["first", "last"]);
  assert.equal(scope.getLastBreadcrumb().message, "last");
  assert.equal(scope.clone().getScopeData().user.id, "7");
});
