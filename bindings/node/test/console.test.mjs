// Lines of the console, children, and workers.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";

import * as Sentry from "watchpost";
import { initTesting, takeRecorded } from "watchpost/testing";

function start(options = {}) {
  initTesting({ dsn: "https://key@errors.example.com/42", ...options }, 1767323045, 1, true);
}

function crumbs() {
  Sentry.captureMessage("now");
  const events = takeRecorded().flatMap((envelope) => envelope.items.map((item) => item.payload));
  return events.at(-1).breadcrumbs?.values ?? [];
}

test("lines of the console are breadcrumbs, and are printed as they were", () => {
  start();
  const printed = [];
  const { write } = process.stderr;
  process.stderr.write = (text) => printed.push(text) > 0;
  try {
    console.warn("low on %s: %d", "stock", 3, { left: 1 });
    console.assert(true, "fine");
    console.assert(false, "not %s", "fine");
  } finally {
    process.stderr.write = write;
  }
  assert.deepEqual(printed, ["low on stock: 3 { left: 1 }\n", "Assertion failed: not fine\n"]);
  assert.deepEqual(
    crumbs().map(({ category, level, message }) => [category, level, message]),
    [
      ["console", "warning", "low on stock: 3 { left: 1 }"],
      ["console", "error", "not fine"],
    ],
  );
});

test("what a value prints while it is shown is not noted", () => {
  start();
  const value = {
    [Symbol.for("nodejs.util.inspect.custom")]() {
      console.debug("again");
      return "shown";
    },
  };
  const { log, debug } = console;
  console.debug("first %s", "line");
  assert.equal(console.log, log);
  assert.equal(console.debug, debug);
  console.debug(value);
  // Once, by the line itself: not when it was shown for the breadcrumb.
  assert.deepEqual(crumbs().map((crumb) => crumb.message), ["first line", "shown", "again"]);
});

test("a child that fails is a breadcrumb", async () => {
  start({ disabledIntegrations: ["console"] });
  const child = spawn(process.execPath, ["-e", "process.exit(3)"]);
  await once(child, "exit");
  const missing = spawn("/nonexistent/program");
  await assert.rejects(once(missing, "spawn"), { code: "ENOENT" });
  const found = crumbs();
  assert.deepEqual(found.map((crumb) => crumb.category), ["child_process", "child_process"]);
  assert.deepEqual(found[0].message, "a child process ended with code 3");
  assert.match(found[1].message, /ENOENT/);
});

test("an error that ends a worker is captured where the worker was made", async () => {
  start({ disabledIntegrations: ["console"] });
  await Sentry.withIsolationScope(async () => {
    Sentry.setTag("job", "7");
    const worker = new Worker("throw new TypeError('in the worker')", { eval: true });
    const [error] = await once(worker, "error");
    assert.equal(error.message, "in the worker");
  });
  const [event] = takeRecorded().flatMap((envelope) => envelope.items.map((item) => item.payload));
  assert.deepEqual(event.tags, { job: "7" });
  const [exception] = event.exception.values;
  assert.deepEqual([exception.type, exception.mechanism], ["TypeError", { type: "auto.child_process.worker_thread", handled: false }]);
});
