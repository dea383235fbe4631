"use strict";
// A program for older SDKs: transactions by hand.
const Sentry = require("watchpost");

Sentry.init({ dsn: process.env.SENTRY_DSN, tracesSampler: (samplingContext) => (samplingContext.user.id === 7 ? 1 : 0) });

const transaction = Sentry.startTransaction({ op: "transaction", name: "My Transaction" }, { user: { id: 7 } });
Sentry.getCurrentScope().setSpan(transaction);
const span = transaction.startChild({ op: "functionX", description: "processes an item", data: { item: 5 } });
try {
  throw new RangeError("out of stock");
} catch (err) {
  Sentry.captureException(err);
  span.setStatus("not_found");
} finally {
  span.finish();
  transaction.setHttpStatus(404);
  transaction.finish();
}
