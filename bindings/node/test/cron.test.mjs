// Schedulers, by the example of node-cron; frameworks/test has the others.
import assert from "node:assert/strict";
import { test } from "node:test";

import nodeCron from "node-cron";
import * as Sentry from "watchpost";

import { startWeb, takeItems } from "./support/serving.mjs";

test("node-cron: each run is a check-in with the schedule of its monitor", async () => {
  startWeb();
  const cron = Sentry.cron.instrumentNodeCron(nodeCron);
  let task;
  await new Promise((resolve) => {
    task = cron.schedule("* * * * * *", resolve, { name: "hourly" });
  });
  await new Promise((resolve) => setImmediate(resolve));
  await task.stop();
  const { check_in } = takeItems();
  assert.deepEqual(check_in.slice(0, 2).map((each) => [each.monitor_slug, each.status]), [["hourly", "in_progress"], ["hourly", "ok"]]);
  assert.deepEqual(check_in[0].monitor_config.schedule, { type: "crontab", value: "* * * * *" });
});
