// The options that integrations take, and what they do with one that is none.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, get } from "node:http";
import { test } from "node:test";

import fastify from "fastify";
import * as Sentry from "watchpost";
import { initTesting, takeSaid } from "watchpost/testing";

import { ask, stop, takeItems } from "./support/serving.mjs";

function start(integrations, options = {}) {
  const given = { dsn: "https://key@errors.example.com/42", defaultIntegrations: false, integrations, ...options };
  initTesting(given, 1767323045, 1, true);
}

/** The targets that were asked for, with what their requests carried. */
async function target() {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push([request.url, request.headers["sentry-trace"] !== undefined]);
    response.end("ok");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { asked, url: `http://127.0.0.1:${server.address().port}`, close: () => stop(server) };
}

const CLIENTS = {
  http: [(options) => Sentry.httpIntegration(options), async (url) => {
    const [response] = await once(get(url), "response");
    response.resume();
    await once(response, "end");
  }],
  fetch: [(options) => Sentry.nativeNodeFetchIntegration(options), async (url) => (await fetch(url)).text()],
};

for (const [name, [make, use]] of Object.entries(CLIENTS)) {
  for (const [options, spans, crumbs, carried] of [
    [{}, 2, 2, 2],
    [{ spans: false }, 0, 2, 2],
    [{ breadcrumbs: false }, 2, 0, 2],
    [{ tracePropagation: false }, 2, 2, 0],
    [{ ignoreOutgoingRequests: (url, request) => new URL(url).pathname === "/own" && request.method === "GET" }, 1, 1, 1],
    [{ ignoreOutgoingRequests: () => { throw new Error("no") } }, 2, 2, 2],
  ]) {
    test(`${name} with ${Object.keys(options)} tells of ${spans} spans and ${crumbs} breadcrumbs`, async () => {
      const { asked, url, close } = await target();
      start([make(options)], { tracesSampleRate: 1 });
      await Sentry.startSpan({ name: "job" }, async () => {
        await use(`${url}/own?x=1`);
        await use(`${url}/other`);
      });
      Sentry.captureMessage("now");
      await close();
      const { transaction, event } = takeItems();
      const job = transaction.find((each) => each.transaction === "job");
      assert.equal((job.spans ?? []).filter(({ op }) => op === "http.client").length, spans);
      assert.equal((event[0].breadcrumbs?.values ?? []).length, crumbs);
      assert.equal(asked.filter(([, trace]) => trace).length, carried);
    });
  }
}

test("requests that are ignored, or have no spans, make no transactions", async () => {
  const seen = [];
  const ignoreIncomingRequests = (target, request) => seen.push([target, request.method]) && target.startsWith("/health");
  for (const [options, names] of [
    [{ ignoreIncomingRequests }, ["GET /pay"]],
    [{ spans: false }, []],
    [{ disableIncomingRequestSpans: true }, []],
  ]) {
    start([Sentry.httpIntegration(options)], { tracesSampleRate: 1, release: "shop@1", autoSessionTracking: true });
    const server = createServer((_request, response) => response.end());
    await ask(server, ["/health?x=1", "/pay"]);
    await stop(server);
    await Sentry.flush();
    const { transaction, sessions } = takeItems();
    assert.deepEqual(transaction.map((each) => each.transaction), names);
    assert.equal(sessions[0].aggregates[0].exited, 2);
  }
  assert.deepEqual(seen, [["/health?x=1", "GET"], ["/pay", "GET"]]);
});

test("sessions and bodies may be left out", async () => {
  const options = { sessions: false, ignoreRequestBody: (target) => target === "/own" };
  start([Sentry.httpServerIntegration(options)], { release: "shop@1", autoSessionTracking: true, sendDefaultPii: true });
  const server = createServer(async (request, response) => {
    for await (const _ of request);
    Sentry.captureMessage(request.url);
    response.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  for (const path of ["/own", "/other"]) {
    const url = `http://127.0.0.1:${server.address().port}${path}`;
    await (await fetch(url, { method: "POST", body: "{}", headers: { "content-type": "application/json" } })).text();
  }
  await stop(server);
  await Sentry.flush();
  const { event, sessions } = takeItems();
  assert.deepEqual(event.map((each) => each.request.data), [undefined, {}]);
  assert.deepEqual(sessions, []);
});

function printing(work) {
  const { write } = process.stdout;
  const { write: writeError } = process.stderr;
  const printed = [];
  process.stdout.write = process.stderr.write = (text) => printed.push(text) > 0;
  try {
    work();
  } finally {
    process.stdout.write = write;
    process.stderr.write = writeError;
  }
  return printed;
}

test("lines of the console by level", () => {
  start([Sentry.consoleIntegration({ levels: ["warn", "error"], filter: ["quiet", /^\d+$/g] })]);
  const printed = printing(() => {
    console.log("no");
    for (const line of ["low", "quiet please", "12", "13"]) console.warn(line);
    console.error("bad");
    console.assert(false);
  });
  assert.deepEqual(printed, ["no\n", "low\n", "quiet please\n", "12\n", "13\n", "bad\n", "Assertion failed\n"]);
  Sentry.captureMessage("now");
  const [event] = takeItems().event;
  assert.deepEqual(event.breadcrumbs.values.map(({ message }) => message), ["low", "bad"]);
});

test("lines of the console as lines of the log, and as events", async () => {
  const integrations = [
    Sentry.consoleLoggingIntegration({ levels: ["log", "warn", "assert"] }),
    Sentry.captureConsoleIntegration({ levels: ["error", "assert"], handled: false }),
  ];
  start(integrations, { enableLogs: true });
  printing(() => {
    console.log("%d left", 3);
    console.warn("low");
    console.info("not chosen");
    console.error("failed:", new RangeError("too far"));
    console.error("only words", 7);
    console.assert(1 === 2, "sums");
  });
  await Sentry.flush();
  const { log, event } = takeItems();
  const lines = log.flatMap(({ items }) => items);
  assert.deepEqual(lines.map(({ level, body }) => [level, body]), [
    ["info", "3 left"],
    ["warn", "low"],
    ["error", "Assertion failed: sums"],
  ]);
  assert.equal(lines[0].attributes["sentry.origin"].value, "auto.log.console");
  const [thrown, words, asserted] = event;
  const [exception] = thrown.exception.values;
  assert.deepEqual([exception.type, exception.mechanism.type, exception.mechanism.handled], ["RangeError", "auto.core.capture_console", false]);
  assert.deepEqual([words.logentry.formatted ?? words.logentry.message, words.level], ["only words 7", "error"]);
  assert.deepEqual(words.extra.arguments, ["only words", 7]);
  assert.equal(asserted.logentry.formatted ?? asserted.logentry.message, "Assertion failed: sums");
  assert.equal(event.length, 3);
});

test("a child's arguments are told where that is asked for", async () => {
  const { spawn } = await import("node:child_process");
  for (const [options, expected] of [[{}, false], [{ includeChildProcessArgs: true }, true]]) {
    start([Sentry.childProcessIntegration(options)]);
    await once(spawn(process.execPath, ["-e", "process.exit(3)"]), "exit");
    Sentry.captureMessage("now");
    const [{ data }] = takeItems().event[0].breadcrumbs.values;
    assert.equal(data.spawnargs?.[2] === "process.exit(3)", expected);
  }
});

test("the application says which errors of Fastify count", async () => {
  start([Sentry.fastifyIntegration({ shouldHandleError: (error, request, reply) => error.wanted === (reply.statusCode > 0 && request.url) })]);
  const app = fastify();
  for (const path of ["/a", "/b"]) {
    app.get(path, async () => {
      throw Object.assign(new Error(path), { wanted: "/b", statusCode: 404 });
    });
  }
  await app.ready();
  await ask(app.server, ["/a", "/b"]);
  await stop(app.server);
  assert.deepEqual(takeItems().event.map((event) => event.exception.values[0].value), ["/b"]);
});

test("what a second client asks for counts from then on", () => {
  start([Sentry.consoleIntegration({ levels: ["warn"] })]);
  start([Sentry.consoleIntegration({ levels: ["error"] })]);
  printing(() => (console.warn("no"), console.error("yes")));
  Sentry.captureMessage("now");
  assert.deepEqual(takeItems().event[0].breadcrumbs.values.map(({ message }) => message), ["yes"]);
});

for (const [make, ...parts] of [
  [() => Sentry.consoleIntegration({ level: ["warn"] }), "consoleIntegration", "`level`", "`levels`"],
  [() => Sentry.consoleIntegration({ levels: "warn" }), "`levels`", "a list"],
  [() => Sentry.httpIntegration({ ignoreIncomingRequest: () => true }), "`ignoreIncomingRequests`"],
  [() => Sentry.httpIntegration({ breadcrumbs: 1 }), "`breadcrumbs`", "boolean"],
  [() => Sentry.nativeNodeFetchIntegration({ spnas: false }), "`spans`"],
  [() => Sentry.onUnhandledRejectionIntegration({ mode: "loud" }), "`mode`", '"strict"'],
  [() => Sentry.eventLoopBlockIntegration({ treshold: 5 }), "`threshold`"],
  [() => Sentry.requestDataIntegration({ include: { cookie: false } }), "`cookies`"],
  [() => Sentry.redisIntegration({ cachePrefix: [] }), "`cachePrefixes`"],
  [() => Sentry.localVariablesIntegration(5), "object of options"],
  [() => Sentry.expressErrorHandler({ shouldHandleErrors: () => true }), "`shouldHandleError`"],
]) {
  test(`an option that is none is refused by name: ${make}`, () => {
    assert.throws(() => Sentry.init({ integrations: [make()] }), (error) => {
      assert.ok(error instanceof TypeError);
      for (const part of parts) assert.ok(error.message.includes(part), error.message);
      return true;
    });
  });
}

test("an option that has no effect is warned of, once", async () => {
  const warned = [];
  process.on("warning", (warning) => warned.push(warning.message));
  for (const _ of [1, 2]) Sentry.redisIntegration({ cachePrefixes: ["cache:"] });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(warned, ["the option `cachePrefixes` of redisIntegration has no effect"]);
});

test("what is not watched says so once, is not listed, and can be left in", () => {
  start([Sentry.kafkaIntegration(), Sentry.prismaIntegration(), Sentry.expressIntegration()]);
  assert.deepEqual(takeSaid().filter((line) => line.includes("does nothing")), [
    "the integration Kafka does nothing: nothing of it is watched here",
    "the integration Prisma does nothing: give the client to `instrumentPrisma`",
  ]);
  assert.deepEqual(Sentry.getClient().getIntegrationNames(), ["Express"]);
});
