// Options that programs of the official SDK have: what they do here.
import assert from "node:assert/strict";
import { test } from "node:test";

import * as Sentry from "watchpost";
import { initTesting, takeRecorded } from "watchpost/testing";

import { program, run } from "./support/child.mjs";

function start(options) {
  initTesting({ dsn: "https://key@errors.example.com/42", ...options }, 1767323045, 1);
}

function items() {
  return takeRecorded().flatMap((envelope) => envelope.items);
}

function events() {
  return items().map((item) => item.payload);
}

class NoStock extends Error {}

test("errors are ignored by texts, patterns of any syntax, and classes", () => {
  const ignoreErrors = [/^E(?!xception)rror: paid/, /(?<year>\d{4})-\k<year>/, /\p{Script=Greek}/u, /o[^]late/g, NoStock, "half", /x{2,}|yy/i, { regex: "^Range" }];
  start({ ignoreErrors });
  const thrown = [
    new Error("paid"), new Error("2024-2024"), new Error("λ"), new Error("too late"), new NoStock("none"), new Error("one half"),
    new Error("XX"), new RangeError("far"), new Error("paid nothing? no: unpaid"),
  ];
  for (const error of [...thrown, new Error("2024-2025"), new TypeError("NoStock of it"), new Error("x"), new Error("late")]) {
    Sentry.captureException(error);
  }
  assert.deepEqual(events().map((event) => event.exception.values[0].value), ["2024-2025", "NoStock of it", "x", "late"]);
});

test("patterns of other options that the core does not know are refused by name", () => {
  for (const name of ["tracePropagationTargets", "ignoreSpans"]) {
    assert.throws(() => Sentry.init({ [name]: [/^(?!x)/] }), new RegExp(`\`${name}\`.*look-around`, "s"));
  }
});

test("errors are left out by their innermost file", () => {
  const error = new Error("here");
  for (const [options, count] of [
    [{ denyUrls: ["options.test"] }, 0],
    [{ denyUrls: [/elsewhere/] }, 1],
    [{ allowUrls: [/elsewhere/] }, 0],
    [{ allowUrls: [/options\.test\.mjs$/] }, 1],
  ]) {
    start(options);
    Sentry.captureException(error);
    assert.equal(events().length, count, JSON.stringify(options));
  }
  assert.throws(() => Sentry.init({ denyUrls: "x" }), /`denyUrls`/);
});

test("enableTracing is a rate of 1 where there is none", () => {
  for (const [options, count] of [[{ enableTracing: true }, 1], [{ enableTracing: true, tracesSampleRate: 0 }, 0], [{ enableTracing: false }, 0]]) {
    start(options);
    Sentry.startSpan({ name: "job" }, () => {});
    assert.equal(items().length, count);
  }
});

test("what was an experiment once is an option", async () => {
  start({ _experiments: { enableLogs: true, beforeSendLog: (log) => ({ ...log, message: "seen" }) } });
  Sentry.logger.info("x");
  await Sentry.flush();
  assert.equal(items().find((item) => item.header.type === "log").payload.items[0].body, "seen");
});

test("numbers are releases and builds", () => {
  start({ release: 7, dist: 12, includeServerName: false });
  Sentry.captureMessage("m");
  const [event] = events();
  assert.deepEqual([event.release, event.dist, event.server_name], ["7", "12", undefined]);
  assert.throws(() => Sentry.init({ release: {} }), /`release`/);
});

test("kinds of data have their other names", () => {
  start({ dataCollection: { urlQueryParams: false, genAI: { inputs: false } }, tracesSampleRate: 1 });
  const attributes = { "gen_ai.input.messages": "secret" };
  Sentry.startSpan({ name: "job" }, () => Sentry.startSpan({ name: "chat", op: "gen_ai.chat", attributes }, () => {}));
  assert.doesNotMatch(JSON.stringify(items()), /secret/);
});

test("a migrated program starts, and each option without an effect is warned of once", async () => {
  const file = program(`
    const Sentry = require("PACKAGE");
    const options = {
      dsn: "http://key@127.0.0.1:9/1", spool: false, shutdownTimeout: 0,
      profilesSampleRate: 1, profileSessionSampleRate: 1, profileLifecycle: "trace", skipOpenTelemetrySetup: true,
      registerEsmLoaderHooks: false, normalizeDepth: 5, stackParser: () => [], transport: () => ({}), _metadata: {},
      _experiments: { other: true }, spotlight: false, enableTracing: false, autoSessionTracking: false,
    };
    process.on("warning", (warning) => console.log(warning.name, warning.message));
    Sentry.init(options);
    console.log(Sentry.init(options) === Sentry.getClient());
  `);
  const { code, stdout, stderr } = await run(file);
  assert.equal(code, 0, stderr);
  const [same, ...warned] = stdout.trim().split("\n");
  assert.equal(same, "true");
  assert.equal(warned.length, 10);
  assert.equal(warned[0], "WatchpostWarning the option `profilesSampleRate` has no effect: there is no profiler");
  assert.equal(warned.at(-1), "WatchpostWarning the option `_experiments.other` has no effect");
});
