// Fastify, which speaks of its requests by itself.
import assert from "node:assert/strict";
import { test } from "node:test";

import Fastify from "fastify";
import * as Sentry from "watchpost";

import { ask, checkFramework, startWeb, stop, takeItems } from "./support/serving.mjs";

function shop() {
  const app = Fastify();
  app.get("/pay/:id", async () => {
    await new Promise((resolve) => setTimeout(resolve, 2));
    throw new Error("no money");
  });
  app.get("/fine", async () => "ok");
  app.get("/missing", async (_request, reply) => reply.code(404).send("?"));
  app.get("/refused", async () => {
    throw Object.assign(new Error("not yours"), { statusCode: 403 });
  });
  return app;
}

test("an error is captured without any set-up", async () => {
  startWeb({ tracesSampleRate: 1 });
  const app = shop();
  await app.ready();
  await checkFramework(assert, app.server, { mechanism: "auto.http.fastify", route: "/pay/:id" });
  assert.deepEqual(await ask(app.server, ["/refused", "/missing"]), [403, 404]);
  const { event, transaction } = takeItems();
  assert.deepEqual(event, []);
  assert.deepEqual(transaction.map((each) => each.contexts.trace.status), ["permission_denied", "not_found"]);
  await stop(app.server);
});

test("setupFastifyErrorHandler adds errors of hooks, and captures nothing twice", async () => {
  startWeb();
  const app = shop();
  Sentry.setupFastifyErrorHandler(app, { shouldHandleError: (error) => error.message !== "ignored" });
  app.get("/hook", { preHandler: async () => Promise.reject(new Error("in the hook")) }, async () => "never");
  app.get("/ignored", { preHandler: async () => Promise.reject(new Error("ignored")) }, async () => "never");
  await app.ready();
  assert.deepEqual(await ask(app.server, ["/pay/7", "/hook", "/ignored"]), [500, 500, 500]);
  const { event } = takeItems();
  assert.deepEqual(event.map((each) => each.exception.values[0].value), ["no money", "in the hook"]);
  assert.deepEqual(event.map((each) => each.transaction), ["GET /pay/:id", "GET /hook"]);
  await stop(app.server);
});
