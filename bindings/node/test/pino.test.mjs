// Logging libraries that speak for themselves, by the example of pino; frameworks/test has the others.
import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";

import pino from "pino";
import * as Sentry from "watchpost";

import { startWeb, takeItems } from "./support/serving.mjs";

const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });

async function everything() {
  Sentry.captureMessage("end");
  await Sentry.flush();
  const { event, log } = takeItems();
  return { events: event, lines: log.flatMap((each) => each.items) };
}

test("pino", async () => {
  startWeb({ enableLogs: true, integrations: [Sentry.pinoIntegration({ error: { levels: ["error"] } })] });
  const log = pino({ level: "debug" }, nowhere());
  log.info({ order: 7, parts: ["a"] }, "paid %s", "now");
  log.child({ user: 1 }).warn("low");
  log.error(new Error("no money"), "failed");
  const { events, lines } = await everything();
  assert.deepEqual(lines.map(({ level, body }) => [level, body]), [["info", "paid now"], ["warn", "low"], ["error", "failed"]]);
  assert.equal(lines[0].attributes.order.value, 7);
  assert.equal(lines[0].attributes.parts.value, '["a"]');
  assert.equal(events[0].exception.values[0].value, "no money");
  assert.deepEqual(events.at(-1).breadcrumbs.values.map((crumb) => crumb.message), ["paid now", "low", "failed"]);
});
