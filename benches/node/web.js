// web.js none|ours|peer DSN STORAGE_DIR TRACES: an Express application with no SDK, with Watchpost or with the official SDK.
// Prints its port. `/cost` waits until everything captured has left, and answers what the process has
// used so far; `/cost?rest=1` collects garbage first.
"use strict";

const [, , name, dsn, storageDir, traces] = process.argv;
const options = { dsn, release: "bench@1.0.0", ...(Number(traces) > 0 && { tracesSampleRate: Number(traces) }) };

const sides = {
  none: () => ({ after() {}, flush: () => true }),
  ours: () => {
    const Watchpost = require("../../bindings/node");
    Watchpost.init({ ...options, storageDir });
    return { after: (app) => Watchpost.setupExpressErrorHandler(app), flush: () => Watchpost.flush(10_000) };
  },
  peer: () => {
    // Before Express, as its manual asks: it changes what `require` gives.
    const Sentry = require("@sentry/node");
    Sentry.init(options);
    return { after: (app) => Sentry.setupExpressErrorHandler(app), flush: () => Sentry.flush(10_000) };
  },
};

const side = sides[name]();
const express = require("express");
const app = express();

app.get("/cost", async (request, response) => {
  const flushed = await side.flush();
  if (request.query.rest) gc();
  const { user, system } = process.cpuUsage();
  response.json({ flushed, cpu: user + system, resident: Math.round(process.memoryUsage.rss() / 1024) });
});
app.get("/orders/:id", async (request, response) => {
  const order = await find(request.params.id);
  response.json(order);
});
app.get("/broken/:id", async (request) => {
  const order = await find(request.params.id);
  throw new TypeError(`order ${order.id} cannot be shipped`);
});
side.after(app);
app.use((error, _request, response, _next) => response.status(500).json({ error: error.message }));

async function find(id) {
  await undefined;
  return { id, items: Array.from({ length: 10 }, (_, n) => ({ n, name: `item ${n}`, price: n * 1.5 })) };
}

const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
