// The helpers for tests of applications.
import assert from "node:assert/strict";
import { test } from "node:test";

import * as Sentry from "watchpost";
import { record, withCapturedEvents } from "watchpost/testing";

function book(order) {
  Sentry.setTag("order", order);
  try {
    return BigInt("12x");
  } catch (error) {
    Sentry.captureException(error);
    return undefined;
  }
}

test("what a piece of code captures, in a list", async () => {
  const events = await withCapturedEvents(() => book(1002));
  assert.equal(events.length, 1);
  assert.equal(events[0].exception.values[0].type, "SyntaxError");
  assert.equal(events[0].tags.order, "1002");
  assert.equal(Sentry.isInitialized(), false);
  assert.equal(Sentry.captureMessage("nobody hears it"), undefined);
});

test("everything that it captures, by kind", async () => {
  const recorded = await record(
    async () => {
      await Sentry.startSpan({ name: "booking" }, () => null);
      Sentry.logger.info("booked");
      Sentry.metrics.count("orders", 2);
      Sentry.captureCheckIn({ monitorSlug: "nightly", status: "ok" });
      Sentry.captureMessage("low stock");
      Sentry.captureMessage("noise");
      return 42;
    },
    { tracesSampleRate: 1, enableLogs: true, beforeSend: (event) => (event.message === "noise" ? null : event) },
  );
  assert.equal(recorded.answer, 42);
  assert.deepEqual(recorded.onlyEvent(), recorded.assertEvent("low st"));
  assert.deepEqual(recorded.transactions.map((transaction) => transaction.transaction), ["booking"]);
  assert.deepEqual(recorded.logs.map((line) => line.body), ["booked"]);
  assert.deepEqual(recorded.metrics.map((metric) => metric.value), [2]);
  assert.deepEqual(recorded.checkIns.map((checkIn) => checkIn.monitor_slug), ["nightly"]);
  assert.deepEqual(recorded.discarded.map(({ reason }) => reason), ["before_send"]);
  assert.throws(() => recorded.assertEvent("sold out"), /no event contains "sold out": \["low stock"\]/);
  assert.throws(() => recorded.assertNothing(), /expected nothing/);
});

test("nothing is nothing, and what the code throws is the test's", async () => {
  const recorded = await record(() => Sentry.addBreadcrumb({ message: "m" }));
  recorded.assertNothing();
  assert.throws(() => recorded.onlyEvent(), /there are 0/);
  const boom = new Error("boom");
  await assert.rejects(record(() => { throw boom; }), boom);
  await assert.rejects(record(() => {}, { sampleRate: 7 }), TypeError);
});
