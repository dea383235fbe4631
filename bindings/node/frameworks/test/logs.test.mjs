// Logging and scheduling libraries.
import assert from "node:assert/strict";
import { test } from "node:test";

import { CronJob } from "cron";
import nodeSchedule from "node-schedule";
import * as Sentry from "watchpost";
import winston from "winston";
import Transport from "winston-transport";

import { startWeb, takeItems } from "../../test/support/serving.mjs";

async function everything() {
  Sentry.captureMessage("end");
  await Sentry.flush();
  const { event, log } = takeItems();
  return { events: event, lines: log.flatMap((each) => each.items) };
}

test("winston", async () => {
  startWeb({ enableLogs: true, disabledIntegrations: ["console", "fetch", "pino"] });
  const Watching = Sentry.createWinstonTransport(Transport, { error: { levels: ["error"] } });
  const log = winston.createLogger({
    level: "silly",
    format: winston.format.combine(winston.format.errors({ stack: true }), winston.format.splat(), winston.format.json()),
    transports: [new Watching()],
  });
  log.info("paid %s", "now", { order: 7 });
  log.error(new Error("no money"));
  const { events, lines } = await everything();
  assert.deepEqual(lines.map(({ level, body }) => [level, body]), [["info", "paid now"], ["error", "no money"]]);
  assert.equal(lines[0].attributes.order.value, 7);
  assert.equal(events[0].exception.values[0].value, "no money");
});

test("cron and node-schedule", async () => {
  startWeb();
  const ran = [];
  const runs = (name) => new Promise((resolve) => ran.push([name, resolve]));
  const job = (name) => {
    const at = ran.findIndex(([each]) => each === name);
    ran[at]?.[1]();
    if (name === "broken") throw new Error("no disk");
  };
  const tasks = [
    new (Sentry.cron.instrumentCron(CronJob, "two"))("* * * * * *", () => job("two"), null, true),
    Sentry.cron.instrumentNodeSchedule(nodeSchedule).scheduleJob("three", "* * * JAN-DEC *", () => undefined),
  ];
  await runs("two");
  await new Promise((resolve) => setImmediate(resolve));
  tasks[0].stop();
  // Every minute is too long for a test: a job can be run by hand.
  await tasks[1].invoke();
  tasks[1].cancel();
  const { check_in } = takeItems();
  for (const name of ["two", "three"]) {
    const own = check_in.filter((each) => each.monitor_slug === name);
    assert.deepEqual(own.slice(0, 2).map((each) => each.status), ["in_progress", "ok"], name);
    const value = name === "three" ? "* * * 1-12 *" : "* * * * *";
    assert.deepEqual(own[0].monitor_config.schedule, { type: "crontab", value });
  }
});
