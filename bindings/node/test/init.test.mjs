// What `init` refuses, and what the package offers.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";

import * as Sentry from "watchpost";

import { program, run } from "./support/child.mjs";

const require = createRequire(import.meta.url);

for (const [options, ...parts] of [
  ["no dsn", "dsn", "https://public_key@"],
  [{ dsn: "https://errors.example.com/42" }, "dsn"],
  [{ dsn: 5 }, "`dsn`", "https://public_key@"],
  [{ sampleRate: 2 }, "`sampleRate`", "0.25"],
  [{ sampleRate: NaN }, "`sampleRate`", "0.25"],
  [{ maxBreadcrumbs: -1 }, "`maxBreadcrumbs`", "100"],
  [{ shutdownTimeout: "1" }, "`shutdownTimeout`", "milliseconds", "2000"],
  [{ sampelRate: 1 }, "`sampelRate`", "`sampleRate`"],
  [{ release: () => "x" }, "`release`"],
  [{ beforeSend: true }, "`beforeSend`", "(event, hint) => event"],
  [{ beforeBreadcrumb: {} }, "`beforeBreadcrumb`", "(breadcrumb, hint) => breadcrumb"],
  [{ inAppInclude: "shop" }, "`inAppInclude`", '["shop"]'],
  [42, "object of options"],
]) {
  test(`init refuses ${JSON.stringify(options)}`, () => {
    assert.throws(() => Sentry.init(options), (error) => {
      assert.ok(error instanceof TypeError);
      for (const part of parts) assert.ok(error.message.includes(part), error.message);
      return true;
    });
    assert.equal(Sentry.isInitialized(), false);
  });
}

test("import and require are one module with the same names", () => {
  const required = require("watchpost");
  assert.deepEqual(Object.keys(Sentry).sort(), Object.keys(required).filter((name) => name !== "__esModule").sort());
  for (const name of Object.keys(Sentry)) assert.equal(Sentry[name], required[name]);
});

test("without init everything is a quiet no", async () => {
  const file = program(`
    const Sentry = require("PACKAGE");
    Sentry.addBreadcrumb({ message: "x" });
    Sentry.setTag("a", "b");
    console.log(Sentry.captureException(new Error("x")), Sentry.isInitialized(), Sentry.lastEventId());
    Promise.all([Sentry.flush(), Sentry.close()]).then((all) => console.log(...all));`);
  const { code, stdout, stderr } = await run(file);
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "undefined false undefined\ntrue true\n", stderr: "" });
});

test("a mistake ends a program as any TypeError does", async () => {
  const file = program(`require("PACKAGE").init({ dsn: "nonsense" });`);
  const { code, stderr } = await run(file);
  assert.equal(code, 1);
  assert.match(stderr, /TypeError: .*dsn/);
});

test("debug says what went wrong, once", async () => {
  const file = program(`
    const Sentry = require("PACKAGE");
    Sentry.init({ dsn: "http://key@127.0.0.1:9/1", spool: false, debug: true, shutdownTimeout: 0,
      beforeSend() { throw new Error("hook failed"); } });
    Sentry.captureMessage("x");`);
  const { stderr } = await run(file);
  const lines = stderr.split("\n").filter((line) => line.includes("hook failed"));
  assert.equal(lines.length, 1, stderr);
  assert.match(lines[0], /^\[watchpost\] before_send failed/);
});
