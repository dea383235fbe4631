// Requests that servers of node:http answer, and those that the application makes.
import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { createServer, get, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import * as Sentry from "watchpost";
import { initTesting, takeRecorded } from "watchpost/testing";

const DSN = "https://key@errors.example.com/42";
const TRACE = "771a43a4192642f0b136d5159a501700";

function start(options = {}) {
  initTesting({ dsn: DSN, ...options }, 1767323045, 1, true);
}

function items(type) {
  const all = takeRecorded().flatMap((envelope) => envelope.items);
  return all.filter((item) => item.header.type === type).map((item) => item.payload);
}

/** Runs `use` with the address of a server that answers with `listener`; returns when all requests have ended. */
async function serving(listener, use) {
  const ended = [];
  const server = createServer((request, response) => {
    ended.push(once(response, "close"));
    return listener(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    return await use(`http://127.0.0.1:${server.address().port}`);
  } finally {
    await Promise.all(ended);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

async function textOf(response) {
  let text = "";
  for await (const chunk of response) text += chunk;
  return text;
}

test("each request has scopes of its own, and its events say which request it was", async () => {
  start({ disabledIntegrations: ["fetch"] });
  const listener = async (request, response) => {
    Sentry.setTag("path", request.url);
    await new Promise((resolve) => setTimeout(resolve, 5));
    Sentry.captureMessage("seen");
    response.end("ok");
  };
  await serving(listener, (url) => Promise.all(["/a", "/b"].map(async (path) => (await fetch(`${url}${path}?x=1`)).text())));
  const events = items("event").sort((one, other) => (one.tags.path < other.tags.path ? -1 : 1));
  assert.deepEqual(events.map((event) => event.tags), [{ path: "/a?x=1" }, { path: "/b?x=1" }]);
  assert.deepEqual(events.map((event) => event.transaction), ["GET /a", "GET /b"]);
  assert.match(events[0].request.url, /^http:\/\/127\.0\.0\.1:\d+\/a$/);
  assert.notEqual(events[0].contexts.trace.trace_id, events[1].contexts.trace.trace_id);
});

test("a request is a transaction of the trace that it brings", async () => {
  start({ tracesSampleRate: 1 });
  const listener = (_request, response) => {
    Sentry.captureMessage("inside");
    response.statusCode = 404;
    response.end();
  };
  const headers = { "sentry-trace": `${TRACE}-b7ad6b7169203331-1`, baggage: "other=1" };
  await serving(listener, async (url) => textOf((await once(get(`${url}/a`, { headers }), "response"))[0]));
  const recorded = takeRecorded().flatMap((envelope) => envelope.items);
  const transactions = recorded.filter((item) => item.header.type === "transaction").map((item) => item.payload);
  assert.equal(transactions.length, 1);
  const { trace } = transactions[0].contexts;
  assert.deepEqual([trace.trace_id, trace.parent_span_id, trace.op, trace.status], [TRACE, "b7ad6b7169203331", "http.server", "not_found"]);
  assert.equal(transactions[0].transaction, "GET /a");
  const event = recorded.find((item) => item.header.type === "event").payload;
  assert.deepEqual([event.contexts.trace.trace_id, event.contexts.trace.span_id], [TRACE, trace.span_id]);
});

test("a visitor who goes away cancels the transaction", async () => {
  start({ tracesSampleRate: 1 });
  const listener = (request) => request.socket.destroy();
  await serving(listener, (url) => fetch(url).then(assert.fail, () => undefined));
  const [transaction] = items("transaction");
  assert.equal(transaction.contexts.trace.status, "cancelled");
});

test("HEAD and OPTIONS make no transactions, and their events belong to the trace that they bring", async () => {
  start({ tracesSampleRate: 1, release: "shop@1", autoSessionTracking: true, disabledIntegrations: ["fetch"] });
  const listener = (request, response) => {
    if (request.method !== "GET") Sentry.captureMessage(request.method);
    response.end();
  };
  const headers = { "sentry-trace": `${TRACE}-b7ad6b7169203331-1` };
  await serving(listener, async (url) => {
    for (const method of ["HEAD", "OPTIONS", "GET"]) await (await fetch(url, { method, headers })).text();
  });
  await Sentry.flush();
  const all = takeRecorded().flatMap((envelope) => envelope.items);
  const of = (type) => all.filter((item) => item.header.type === type).map((item) => item.payload);
  assert.deepEqual(of("transaction").map((each) => each.transaction), ["GET /"]);
  assert.deepEqual(of("event").map((each) => [each.logentry.formatted ?? each.logentry.message, each.contexts.trace.trace_id]), [
    ["HEAD", TRACE],
    ["OPTIONS", TRACE],
  ]);
  assert.equal(of("sessions")[0].aggregates.reduce((sum, { exited }) => sum + exited, 0), 3);
});

test("the sampler sees the request", async () => {
  const seen = [];
  start({
    tracesSampler: ({ name, normalizedRequest }) => {
      seen.push([name, normalizedRequest?.method]);
      return name === "GET /a" ? 1 : 0;
    },
  });
  const listener = (_request, response) => response.end();
  await serving(listener, async (url) => {
    for (const path of ["/a", "/health"]) await (await fetch(url + path)).text();
  });
  assert.deepEqual(seen, [["GET /a", "GET"], ["GET /health", "GET"]]);
  assert.deepEqual(items("transaction").map((each) => each.transaction), ["GET /a"]);
});

test("requests are counted as sessions", async () => {
  start({ release: "shop@1", autoSessionTracking: true });
  const listener = (request, response) => {
    if (request.url === "/bad") Sentry.captureException(new Error("no money"));
    response.statusCode = request.url === "/worse" ? 500 : 200;
    response.end();
  };
  await serving(listener, async (url) => {
    for (const path of ["/good", "/bad", "/worse"]) await (await fetch(url + path)).text();
  });
  await Sentry.flush();
  const [sessions] = items("sessions");
  assert.deepEqual([sessions.aggregates[0].exited, sessions.aggregates[0].errored], [1, 2]);
});

/** Counts of the sessions of `server`'s requests, once `use` has made them with its port. */
async function counted(server, use) {
  start({ release: "shop@1", autoSessionTracking: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  await use(server.address().port);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await Sentry.flush();
  const [{ aggregates }] = items("sessions");
  return aggregates.map(({ exited, errored }) => [exited, errored]);
}

test("requests whose answers never finish are counted when their connection ends", async () => {
  let seen = 0;
  const server = createServer((request, response) => {
    seen += 1;
    if (request.url === "/answered") response.end();
    if (request.url === "/failed") response.writeHead(500).flushHeaders();
  });
  const counts = await counted(server, async (port) => {
    const ended = once(server, "connection").then(([socket]) => once(socket, "close"));
    const socket = connect(port, "127.0.0.1");
    // One after the other, without waiting.
    socket.write(["/answered", "/failed", "/silent"].map((path) => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`).join(""));
    while (seen < 3) await sleep(5);
    socket.destroy();
    await ended;
  });
  assert.deepEqual(counts, [[2, 1]]);
});

test("a request of HTTP/2, at a server that speaks both, is counted when its answer is closed", async () => {
  const server = createServer((_request, response) => response.end());
  const counts = await counted(server, async (port) => {
    await (await fetch(`http://127.0.0.1:${port}`)).text();
    const response = Object.assign(new EventEmitter(), { headersSent: true, statusCode: 503, end() {} });
    const request = { method: "GET", url: "/", headers: {}, httpVersionMajor: 2, socket: new EventEmitter() };
    server.emit("request", request, response);
    response.emit("close");
  });
  assert.deepEqual(counts, [[1, 1]]);
});

for (const [kind, disabledIntegrations] of [["of another service's trace", []], ["without a trace", ["fetch"]]]) {
  test(`a request ${kind} counts for its user, for what its forks capture, and once`, async () => {
    start({ release: "shop@1", autoSessionTracking: true, sendDefaultPii: true, disabledIntegrations });
    const listener = (request, response) => {
      if (request.url === "/user") Sentry.setUser({ id: "7" });
      if (request.url === "/fork") Sentry.withIsolationScope(() => Sentry.captureException(new Error("no money")));
      if (request.url === "/crumb") Sentry.addBreadcrumb({ message: "seen" });
      response.end();
      if (request.url === "/late") response.once("close", () => Sentry.captureException(new Error("too late")));
    };
    await serving(listener, async (url) => {
      for (const path of ["/user", "/fork", "/crumb", "/late", "/plain"]) await (await fetch(url + path)).text();
    });
    await Sentry.flush();
    const [{ aggregates }] = items("sessions");
    const counts = aggregates.map(({ did, exited, errored }) => [did, exited, errored]);
    assert.deepEqual(counts.sort(), [[undefined, 3, 1], ["7", 1, undefined]]);
  });
}

test("a request counts for the client that is there at its end", async () => {
  for (const [before, after] of [[false, false], [true, false], [false, true], [true, true]]) {
    const release = (name) => start({ release: name, autoSessionTracking: true, disabledIntegrations: ["fetch"] });
    release("shop@1");
    const old = Sentry.getClient();
    const listener = (_request, response) => {
      if (before) Sentry.captureMessage("before");
      release("shop@2");
      if (after) Sentry.captureException(new Error("no money"));
      response.end();
    };
    await serving(listener, async (url) => (await fetch(url)).text());
    await Sentry.flush();
    const sent = items("sessions").flatMap(({ attrs, aggregates }) => aggregates.map((each) => [attrs.release, each.exited, each.errored]));
    assert.deepEqual(sent, [["shop@2", after ? undefined : 1, after ? 1 : undefined]], `${before} ${after}`);
    await old.close();
    assert.ok(!old.native.takeRecorded().includes("aggregates"));
  }
});

for (const [name, call] of [
  ["fetch", async (url, headers) => (await fetch(url, { headers })).text()],
  ["node:http", async (url, headers) => textOf((await once(httpRequest(url, { headers }).end(), "response"))[0])],
]) {
  test(`a request by ${name} is a span, a breadcrumb, and takes the trace along`, async () => {
    start({ tracesSampleRate: 1, integrations: (all) => all.filter((each) => each.name !== "httpServer") });
    let got;
    const listener = (request, response) => {
      got = request.headers;
      response.statusCode = 503;
      response.end();
    };
    const url = await serving(listener, async (url) => {
      await Sentry.startSpan({ name: "job", op: "task" }, () => call(`${url}/stock?id=7`, { "x-own": "1" }));
      return url;
    });
    Sentry.captureMessage("after");
    const recorded = takeRecorded().flatMap((envelope) => envelope.items.map((item) => item.payload));
    const { contexts, spans } = recorded.find((each) => each.spans);
    assert.equal(spans.length, 1);
    const [span] = spans;
    assert.deepEqual([span.op, span.description, span.status], ["http.client", `GET ${url}/stock`, "unavailable"]);
    assert.equal(got["sentry-trace"], `${contexts.trace.trace_id}-${span.span_id}-1`);
    assert.match(got.baggage, new RegExp(`sentry-trace_id=${contexts.trace.trace_id}`));
    assert.equal(got["x-own"], "1");
    const crumbs = recorded.find((each) => each.message === "after" || each.logentry)?.breadcrumbs?.values ?? [];
    assert.deepEqual(
      crumbs.map((crumb) => [crumb.type, crumb.level, crumb.data["http.response.status_code"], crumb.data.url]),
      [["http", "error", 503, `${url}/stock`]],
    );
  });

  test(`a request by ${name} that nobody answers is a breadcrumb, and the error is the application's`, async () => {
    start();
    const url = await serving(() => undefined, (url) => url);
    await assert.rejects(call(`${url}/gone`, {}));
    await new Promise((resolve) => setImmediate(resolve));
    Sentry.captureMessage("after");
    const [event] = items("event");
    assert.deepEqual(event.breadcrumbs.values.map((crumb) => [crumb.level, crumb.data.url]), [["error", `${url}/gone`]]);
  });
}

test("no trace goes where it may not, and what the application set itself stays", async () => {
  start({ tracePropagationTargets: ["/mine"], integrations: (all) => all.filter((each) => each.name !== "httpServer") });
  const got = [];
  const listener = (request, response) => {
    got.push(request.headers["sentry-trace"]);
    response.end();
  };
  await serving(listener, async (url) => {
    await (await fetch(`${url}/theirs`)).text();
    await (await fetch(`${url}/mine`, { headers: { "sentry-trace": "own" } })).text();
    await textOf((await once(get(`${url}/mine`, { headers: { "sentry-trace": "own" } }), "response"))[0]);
    await (await fetch(`${url}/mine`)).text();
  });
  assert.deepEqual(got.slice(0, 3), [undefined, "own", "own"]);
  assert.match(got[3], /^[0-9a-f]{32}-[0-9a-f]{16}/);
});

test("an integration that is switched off does nothing", async () => {
  start({ tracesSampleRate: 1, disabledIntegrations: ["httpServer", "fetch", "httpClient", "console"] });
  console.log("not noted");
  const listener = (_request, response) => {
    Sentry.captureMessage("seen");
    response.end();
  };
  await serving(listener, async (url) => (await fetch(url)).text());
  const recorded = takeRecorded().flatMap((envelope) => envelope.items);
  assert.deepEqual(recorded.map((item) => item.header.type), ["event"]);
  assert.deepEqual([recorded[0].payload.request, recorded[0].payload.breadcrumbs], [undefined, undefined]);
});

test("a custom integration is set up once and sees events", () => {
  let setups = 0;
  const own = { name: "own", setupOnce: () => (setups += 1), processEvent: (event) => ({ ...event, tags: { own: "1" } }) };
  start({ integrations: [own] });
  start({ integrations: [own] });
  Sentry.captureMessage("seen");
  assert.deepEqual([setups, items("event")[0].tags], [1, { own: "1" }]);
  start();
  Sentry.captureMessage("seen");
  assert.equal(items("event")[0].tags, undefined);
});

test("a fork of an isolation scope that nobody has asked yet sees nothing that is set later, and leaves the outer trace", () => {
  start();
  Sentry.setTag("root", "1");
  Sentry.captureMessage("outside");
  const captured = (scope, text) => Sentry.withIsolationScope(scope, () => Sentry.captureMessage(text));
  Sentry.withIsolationScope((own) => {
    const fork = own.clone();
    own.setTag("later", "2");
    Sentry.captureMessage("own");
    const shared = own.clone();
    captured(fork, "fork");
    captured(shared, "shared");
  });
  const [outside, own, fork, shared] = items("event");
  assert.deepEqual([own.tags, fork.tags], [{ root: "1", later: "2" }, { root: "1" }]);
  const traces = [outside, own, fork].map((event) => event.contexts.trace.trace_id);
  assert.equal(new Set(traces).size, 3);
  // Once a scope has a trace, its forks share it.
  assert.equal(shared.contexts.trace.trace_id, own.contexts.trace.trace_id);
});
