// A small invoice service on Express. It asks itself for five things, most of which go wrong, and ends.
"use strict";

const fs = require("node:fs");
const { setTimeout: sleep } = require("node:timers/promises");
const express = require("express");
const Sentry = require("watchpost");

const INVOICES = { 1001: "120.50 EUR", 1002: "12,x5 EUR", 1003: "80.00 XTS", 1004: "seventy EUR" };
const RATES = { EUR: 1, SEK: 0.087 };

class BookingError extends Error {
  name = "BookingError";
}

class CurrencyError extends Error {
  name = "CurrencyError";
}

function service() {
  const app = express();

  // Each request has a scope of its own: what one sets, another never sees.
  app.use(Sentry.expressRequestHandler());
  app.use((request, _response, next) => {
    Sentry.setTag("method", request.method);
    Sentry.setUser({ id: request.get("x-user") ?? "anonymous" });
    Sentry.addBreadcrumb({ category: "http", message: `${request.method} ${request.path}` });
    next();
  });

  app.post("/invoices/:number/book", (request, response) => {
    response.json({ booked: book(request.params.number) });
  });

  app.post("/close", async (_request, response) => {
    await report(Sentry.captureMessage("the day was closed with invoices refused", "warning"), "close");
    response.json({ closed: true });
  });

  app.use(async (error, _request, response, _next) => {
    const bug = error instanceof BookingError ? "amount" : "currency";
    await report(Sentry.captureException(error), bug);
    response.status(500).json({ error: error.message });
  });

  return app;
}

function book(number) {
  const [text, currency] = INVOICES[number].split(" ");
  const rate = RATES[currency];
  if (rate === undefined) throw new CurrencyError(`no rate for ${currency}`);
  try {
    return parseAmount(text) * rate;
  } catch (error) {
    throw new BookingError(`invoice ${number} has no usable amount`, { cause: error });
  }
}

function parseAmount(text) {
  const amount = Number(text);
  if (Number.isNaN(amount)) throw new TypeError(`${text} is not a number`);
  return amount;
}

/** Tells whoever runs this which event belongs to which bug. */
async function report(eventId, bug) {
  fs.writeSync(1, `captured ${eventId} ${bug}\n`);
  if (process.env.WATCHPOST_EXAMPLE_HOLD) await sleep(60_000);
}

async function main() {
  Sentry.init({
    dsn: process.env.SENTRY_DSN,
    release: "invoices@1.4.0",
    environment: "example",
    storageDir: process.env.WATCHPOST_STORAGE_DIR,
  });
  if (process.env.WATCHPOST_EXAMPLE_IDLE) {
    await Sentry.flush(20_000);
    return;
  }
  const server = service().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = `http://127.0.0.1:${server.address().port}`;
  for (const path of ["invoices/1001/book", "invoices/1002/book", "invoices/1004/book", "invoices/1003/book", "close"]) {
    const answer = await fetch(`${address}/${path}`, { method: "POST", headers: { "x-user": "7" } });
    await answer.arrayBuffer();
  }
  server.close();
  server.closeAllConnections();
  await Sentry.flush(10_000);
}

main();
