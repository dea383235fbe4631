// Books the invoices of invoices.csv. Some of them are broken, and what goes wrong is reported to SENTRY_DSN.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const Sentry = require("watchpost");

const RATES = { EUR: 1, SEK: 0.087 };

class BookingError extends Error {
  name = "BookingError";
}

class CurrencyError extends Error {
  name = "CurrencyError";
}

async function main() {
  Sentry.init({
    dsn: process.env.SENTRY_DSN,
    release: "invoices@1.4.0",
    environment: "example",
    storageDir: process.env.WATCHPOST_STORAGE_DIR,
  });
  if (process.env.WATCHPOST_EXAMPLE_IDLE) {
    // Delivers what an earlier run, killed perhaps, left behind.
    await Sentry.flush(20_000);
    return;
  }

  Sentry.setTag("importer", "nightly");
  Sentry.setUser({ id: "7", username: "importer" });
  const refused = importInvoices(path.join(__dirname, "invoices.csv"));
  report(Sentry.captureMessage(`import ended with ${refused} invoices refused`, "warning"), "summary");
  await Sentry.flush(10_000);
}

function importInvoices(file) {
  Sentry.addBreadcrumb({ category: "import", message: `reading ${path.basename(file)}` });
  let refused = 0;
  for (const line of fs.readFileSync(file, "utf8").trim().split("\n").slice(1)) {
    const [, number, , amount, currency] = line.match(/^(\d+),(\w+),"?([^"]*?)"?,(\w+)$/);
    Sentry.addBreadcrumb({ category: "import", message: `invoice ${number}`, data: { amount } });
    try {
      book(number, amount, currency);
    } catch (error) {
      refused += 1;
      if (error instanceof BookingError) {
        report(Sentry.captureException(error), "amount");
      } else {
        Sentry.withScope((scope) => {
          scope.setTag("currency", currency);
          report(Sentry.captureException(error), "currency");
        });
      }
    }
  }
  return refused;
}

function book(number, amount, currency) {
  const rate = RATES[currency];
  if (rate === undefined) throw new CurrencyError(`no rate for ${currency}`);
  try {
    return parseAmount(amount) * rate;
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
function report(eventId, bug) {
  fs.writeSync(1, `captured ${eventId} ${bug}\n`);
  if (process.env.WATCHPOST_EXAMPLE_HOLD) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
}

main();
