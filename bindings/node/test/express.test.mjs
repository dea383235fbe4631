// Express, or anything that calls middlewares in its way.
import assert from "node:assert/strict";
import { test } from "node:test";

import express from "express";
import * as Sentry from "watchpost";
import { initTesting, takeRecorded } from "watchpost/testing";

async function answer(options, use, path, headers = {}, handling = {}) {
  initTesting({ dsn: "https://key@errors.example.com/42", ...options }, 1767323045, 1);
  const app = express();
  app.set("env", "test");
  use(app);
  Sentry.setupExpressErrorHandler(app, handling);
  const server = app.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const url = `http://127.0.0.1:${server.address().port}${path}`;
  const response = await fetch(url, { headers });
  await response.text();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return { status: response.status, events: takeRecorded().map((envelope) => envelope.items[0].payload) };
}

function shop(app) {
  app.use(Sentry.expressRequestHandler());
  app.get("/pay/:id", async (request) => {
    Sentry.setTag("payment", request.params.id);
    await new Promise((resolve) => setTimeout(resolve, 2));
    throw Object.assign(new Error("no money"), request.query.status ? { status: Number(request.query.status) } : {});
  });
}

test("an error is captured with its request, and nothing personal", async () => {
  const headers = { cookie: "a=b", "x-forwarded-for": "10.0.0.1", authorization: "Bearer x", "x-shop": "1" };
  const { status, events } = await answer({}, shop, "/pay/7?page=2&password=x", headers);
  assert.equal(status, 500);
  assert.equal(events.length, 1);
  const [event] = events;
  assert.equal(event.transaction, "GET /pay/:id");
  assert.equal(event.tags.payment, "7");
  assert.deepEqual(event.exception.values[0].mechanism, { type: "auto.http.express", handled: false });
  assert.equal(event.request.method, "GET");
  assert.match(event.request.url, /^http:\/\/127\.0\.0\.1:\d+\/pay\/7$/);
  assert.equal(event.request.query_string, "page=2&password=[Filtered]");
  assert.equal(event.request.headers["x-shop"], "1");
  assert.equal(event.request.headers.cookie, undefined);
  for (const name of ["x-forwarded-for", "authorization"]) assert.equal(event.request.headers[name], "[Filtered]");
  assert.deepEqual([event.request.env, event.request.cookies, event.user], [undefined, undefined, undefined]);
});

test("sendDefaultPii adds the address and cookies", async () => {
  const headers = { "x-forwarded-for": "10.0.0.1", cookie: "theme=dark; sid=1" };
  const { events } = await answer({ sendDefaultPii: true }, shop, "/pay/7", headers);
  assert.equal(events[0].request.cookies, "theme=dark; sid=[Filtered]");
  assert.equal(events[0].user.ip_address, "10.0.0.1");
  assert.equal(events[0].request.headers["x-forwarded-for"], "10.0.0.1");
  assert.equal(events[0].request.env.REMOTE_ADDR, "127.0.0.1");
});

test("dataCollection decides what is collected of a request", async () => {
  const dataCollection = { cookies: true, queryParams: false, httpHeaders: { request: false } };
  const { events } = await answer({ dataCollection }, shop, "/pay/7?page=2", { cookie: "theme=dark" });
  const { cookies, query_string, headers } = events[0].request;
  assert.deepEqual([cookies, query_string, headers], ["theme=dark", undefined, undefined]);
});

test("the user that was set stays beside the address", async () => {
  const use = (app) => {
    app.use(Sentry.expressRequestHandler());
    app.get("/pay/:id", () => {
      Sentry.setUser({ id: "7" });
      throw new Error("no money");
    });
  };
  const { events } = await answer({ sendDefaultPii: true }, use, "/pay/7");
  assert.deepEqual(events[0].user, { id: "7", ip_address: "127.0.0.1" });
});

test("an error that is the visitor's is not captured", async () => {
  const { status, events } = await answer({}, shop, "/pay/7?status=404");
  assert.deepEqual([status, events.length], [404, 0]);
});

test("the application may decide which errors are captured", async () => {
  const handling = { shouldHandleError: (error) => error.status === 404 };
  const statuses = [];
  for (const path of ["/pay/7", "/pay/7?status=404"]) statuses.push((await answer({}, shop, path, {}, handling)).events.length);
  assert.deepEqual(statuses, [0, 1]);
});

test("the answer knows its event, also one that was captured before", async () => {
  const seen = [];
  const use = (app) => {
    app.get("/pay", (_request, response) => {
      response.once("finish", () => seen.push(response.sentry));
      const error = new Error("no money");
      Sentry.captureException(error);
      throw error;
    });
  };
  const { events } = await answer({}, use, "/pay");
  assert.deepEqual(seen, [events[0].event_id]);
});
