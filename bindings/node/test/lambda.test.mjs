// Handlers of platforms that freeze the process when they have answered.
import assert from "node:assert/strict";
import { test } from "node:test";

import * as Sentry from "watchpost";

import { startWeb, takeItems } from "./support/serving.mjs";

const context = (left = 3000) => ({ functionName: "orders", awsRequestId: "r-1", getRemainingTimeInMillis: () => left });

test("an error is captured with its invocation, and is the platform's", async () => {
  startWeb();
  const handler = Sentry.wrapHandler(async (event) => {
    Sentry.setTag("order", event.order);
    if (event.order === 2) throw new Error("no money");
    Sentry.captureMessage("seen");
    return event.order;
  });
  assert.equal(await handler({ order: 1 }, context()), 1);
  await assert.rejects(handler({ order: 2 }, context()), /no money/);
  const { event } = takeItems();
  assert.deepEqual(event.map((each) => each.tags.order), ["1", "2"]);
  assert.deepEqual(event.map((each) => each.transaction), ["orders", "orders"]);
  assert.equal(event[1].contexts["aws.lambda"].aws_request_id, "r-1");
  assert.equal(event[1].exception.values[0].mechanism.type, "auto.function.aws_lambda");
});

test("a handler with a callback, and one that does not wait", async () => {
  startWeb();
  const calling = Sentry.wrapHandler((event, _context, callback) => setImmediate(callback, event.error, "done"));
  assert.equal(await calling({ error: null }, context()), "done");
  await assert.rejects(calling({ error: new Error("no") }, context()), /no/);
  assert.equal(await Sentry.wrapHandler(() => 7)({}, context()), 7);
  assert.equal(takeItems().event.length, 1);
});

test("what does not come to its end in time says so before the platform stops it", async () => {
  startWeb();
  const handler = Sentry.wrapHandler(() => new Promise((resolve) => setTimeout(resolve, 120)), { timeoutWarningLimit: 100 });
  await handler({}, context(120));
  const { event } = takeItems();
  assert.deepEqual(event.map((each) => each.level), ["warning"]);
  assert.match(event[0].exception.values[0].value, /about to be stopped/);
});
