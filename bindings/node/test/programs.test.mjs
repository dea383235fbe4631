// Programs that were written for the official SDK of Node, but for the package's name: the former style and today's.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { program, run } from "./support/child.mjs";
import { openSink } from "./support/sink.mjs";

const modules = fileURLToPath(new URL("../node_modules", import.meta.url));

/** Runs a program of a server that asks itself for `/` and ends; its events and what it printed. */
async function runs(source, env = {}, count = 1) {
  const sink = await openSink();
  try {
    const file = program(source.replaceAll("MODULES", modules));
    const { code, stdout, stderr } = await run(file, { DSN: sink.dsn, ...env });
    assert.equal(code, 0, stderr);
    await sink.arrived(count);
    return { ...sink, stdout };
  } finally {
    await sink.close();
  }
}

const ASK = `
  const server = app.listen(0, "127.0.0.1", async () => {
    const base = "http://127.0.0.1:" + server.address().port;
    for (const path of ["/", "/fine"]) console.log(await (await fetch(base + path, { headers: { connection: "close" } })).text());
    server.close();
  });`;

for (const express of ["express4", "express"]) {
  test(`handlers of the former style on ${express}`, async () => {
    const sink = await runs(`
      const Sentry = require("PACKAGE");
      const express = require("MODULES/${express}");
      const app = express();
      app.set("env", "test");
      Sentry.init({ dsn: process.env.DSN, storageDir: process.env.HOME, tracesSampleRate: 1 });
      app.use(Sentry.Handlers.requestHandler());
      app.use(Sentry.Handlers.tracingHandler());
      app.get("/", function rootHandler(req, res) { throw new Error("broke!"); });
      app.get("/fine", (req, res) => res.end("ok"));
      app.use(Sentry.Handlers.errorHandler());
      app.use(function onError(err, req, res, next) { res.statusCode = 500; res.end(res.sentry + "\\n"); });
      ${ASK}
    `);
    const [event] = sink.events;
    assert.deepEqual([event.exception.values[0].value, event.transaction], ["broke!", "GET /"]);
    assert.equal(event.exception.values[0].stacktrace.frames.at(-1).function, "rootHandler");
    assert.equal(sink.stdout, `${event.event_id}\n\nok\n`);
  });

  test(`setupExpressErrorHandler on ${express}, with the environment and the release of the deployment`, async () => {
    const sink = await runs(
      `
      const Sentry = require("PACKAGE");
      const sha = "a1b2c3";
      Sentry.init({
        dsn: process.env.DSN,
        storageDir: process.env.HOME,
        environment: process.env.NODE_ENV,
        release: "gateway@" + sha,
        tracesSampleRate: 0.5,
        sanitizeFields: ["creditCard", "ssn"],
      });
      const express = require("MODULES/${express}");
      const app = express();
      app.set("env", "test");
      app.get("/", function debugHandler(req, res) {
        Sentry.setContext("order", { creditCard: "4111", total: 7 });
        throw new Error("My first error!");
      });
      app.get("/fine", (req, res) => res.end("ok"));
      Sentry.setupExpressErrorHandler(app);
      ${ASK}
    `,
      { NODE_ENV: "staging" },
    );
    const [event] = sink.events;
    assert.deepEqual([event.environment, event.release, event.transaction], ["staging", "gateway@a1b2c3", "GET /"]);
    assert.deepEqual(event.contexts.order, { creditCard: "[Filtered]", total: 7 });
  });
}

test("the quick start of today's style", async () => {
  const sink = await runs(
    `
    const Sentry = require("PACKAGE");
    Sentry.init({ dsn: process.env.DSN, storageDir: process.env.HOME, tracesSampleRate: 1.0 });
    Sentry.startSpan({ op: "test", name: "My First Test Transaction" }, () => {
      setTimeout(() => {
        try {
          foo();
        } catch (e) {
          Sentry.captureException(e);
        }
      }, 9);
    });
  `,
  );
  assert.equal(sink.events[0].exception.values[0].type, "ReferenceError");
});
