// Errors that nobody catches: seen, and otherwise as if we were not there.
import assert from "node:assert/strict";
import { test } from "node:test";

import { program, run, temporary } from "./support/child.mjs";
import { openSink } from "./support/sink.mjs";

const START = `
if (process.env.DSN) {
  require("PACKAGE").init({ dsn: process.env.DSN, storageDir: process.env.STORAGE });
}
`;

const cases = [
  { name: "throw", code: 1, type: "TypeError", mechanism: "auto.node.onuncaughtexception", level: "fatal",
    source: `setTimeout(() => { throw new TypeError("broken"); }, 5);` },
  { name: "unhandled rejection", code: 1, type: "RangeError", mechanism: "auto.node.onunhandledrejection", level: "fatal",
    source: `Promise.reject(new RangeError("broken"));` },
  { name: "rejection with a text", code: 1, type: "UnhandledPromiseRejection", mechanism: "auto.node.onunhandledrejection",
    level: "fatal", source: `Promise.reject("broken");` },
  { name: "own uncaughtException handler", code: 7, type: "Error", mechanism: "auto.node.onuncaughtexception", level: "fatal",
    source: `
      process.on("uncaughtException", (error) => { console.error("own", error.message); process.exitCode = 7; });
      setTimeout(() => { throw new Error("broken"); }, 5);` },
  { name: "own unhandledRejection listener", code: 0, type: "Error", mechanism: "auto.node.onunhandledrejection", level: "error",
    source: `
      process.on("unhandledRejection", (error) => console.error("own", error.message));
      Promise.reject(new Error("broken"));` },
  { name: "a listener that comes and goes", code: 1, type: "Error", mechanism: "auto.node.onunhandledrejection", level: "fatal",
    source: `
      const own = () => console.error("own");
      process.on("unhandledRejection", own);
      process.off("unhandledRejection", own);
      if (process.listenerCount("unhandledRejection") !== 0) console.error("somebody stayed");
      Promise.reject(new Error("broken"));` },
  { name: "once", code: 0, type: "Error", mechanism: "auto.node.onunhandledrejection", level: "error",
    source: `
      process.once("unhandledRejection", (error) => console.error("own", error.message));
      Promise.reject(new Error("broken"));` },
  { name: "process.exit", code: 3, source: `setTimeout(() => process.exit(3), 5);` },
  { name: "a normal end", code: 0, source: `setTimeout(() => console.error("done"), 5);` },
];

for (const { name, source, code, type, mechanism, level } of cases) {
  test(name, async () => {
    const sink = await openSink();
    try {
      const file = program(START + source);
      const without = await run(file);
      const withUs = await run(file, { DSN: sink.dsn, STORAGE: temporary() });
      assert.equal(without.code, code);
      assert.deepEqual(withUs, without);
      if (!type) return assert.equal(sink.events.length, 0);
      const [event] = await sink.arrived(1);
      const [error] = event.exception.values.slice(-1);
      assert.equal(sink.events.length, 1);
      assert.equal(error.type, type);
      assert.match(error.value, /broken/);
      assert.equal(error.mechanism.type, mechanism);
      assert.equal(error.mechanism.handled, false);
      assert.equal(event.level, level);
    } finally {
      await sink.close();
    }
  });
}

test("what was captured already is not captured again", async () => {
  const sink = await openSink();
  const file = program(`
    const Sentry = require("PACKAGE");
    Sentry.init({ dsn: process.env.DSN, storageDir: process.env.STORAGE });
    try { throw new Error("once"); } catch (error) { Sentry.captureException(error); throw error; }`);
  const { code } = await run(file, { DSN: sink.dsn, STORAGE: temporary() });
  await sink.arrived(1);
  await sink.close();
  assert.equal(code, 1);
  assert.equal(sink.events.length, 1);
});

test("disabledIntegrations leaves the process alone", async () => {
  const file = program(`
    require("PACKAGE").init({ disabledIntegrations: ["uncaught"] });
    console.log(process.listenerCount("uncaughtExceptionMonitor"));`);
  assert.equal((await run(file)).stdout, "0\n");
});

/** What a program with such an integration prints and how it ends, beside its events. */
async function asked(integration, source) {
  const sink = await openSink();
  const file = program(`
    const Sentry = require("PACKAGE");
    Sentry.init({ dsn: process.env.DSN, storageDir: process.env.HOME, integrations: [Sentry.${integration}] });
    ${source}`);
  const ended = await run(file, { DSN: sink.dsn });
  await sink.close();
  return { ...ended, events: sink.events.map((event) => [event.exception.values.at(-1).value, event.level]) };
}

test("the process may be ended though the application listens", async () => {
  const source = `
    process.on("uncaughtException", (error) => console.log("own", error.message));
    setTimeout(() => { throw new Error("broken"); }, 5);
    setTimeout(() => console.log("still there"), 100);`;
  const stays = await asked("onUncaughtExceptionIntegration()", source);
  assert.deepEqual([stays.code, stays.stdout, stays.events], [0, "own broken\nstill there\n", [["broken", "fatal"]]]);
  const ends = await asked("onUncaughtExceptionIntegration({ exitEvenIfOtherHandlersAreRegistered: true })", source);
  assert.deepEqual([ends.code, ends.events], [1, [["broken", "fatal"]]]);
  assert.match(ends.stderr, /Error: broken\n {4}at/);
  assert.doesNotMatch(ends.stdout, /still there/);
});

test("what a fatal error leads to may be the application's affair", async () => {
  const calls = "onUncaughtExceptionIntegration({ onFatalError(error) { console.log('fatal', error.message); setTimeout(() => process.exit(5), 50); } })";
  const one = await asked(calls, `setTimeout(() => { throw new Error("broken"); }, 5);`);
  assert.deepEqual([one.code, one.stdout, one.events], [5, "fatal broken\n", [["broken", "fatal"]]]);
  const rejected = await asked(calls, `Promise.reject(new Error("broken"));`);
  assert.deepEqual([rejected.code, rejected.stdout, rejected.events], [5, "fatal broken\n", [["broken", "fatal"]]]);
  const two = await asked(calls, `for (const at of [1, 2]) setTimeout(() => { throw new Error("broken " + at); }, 5 * at);`);
  assert.deepEqual([two.code, two.stdout], [1, "fatal broken 1\n"]);
  assert.deepEqual(two.events, [["broken 1", "fatal"], ["broken 2", "fatal"]]);
});

for (const [mode, code, printed, level] of [
  ["none", 0, /^$/, "error"],
  ["warn", 0, /nobody handled it:\nError: broken/, "error"],
  ["strict", 1, /^Error: broken/, "fatal"],
]) {
  test(`a rejection in the mode ${mode}`, async () => {
    const ended = await asked(`onUnhandledRejectionIntegration({ mode: "${mode}" })`, `Promise.reject(new Error("broken"));`);
    assert.deepEqual([ended.code, ended.events], [code, [["broken", level]]]);
    assert.match(ended.stderr, printed);
  });
}

test("rejections may be ignored", async () => {
  const rules = "[{ name: 'AbortError' }, { name: 'Error', message: /^ne?ver/ }, { message: 'half' }]";
  const source = `
    for (const error of [new DOMException("x", "AbortError"), new Error("never"), new RangeError("never"), "a half", new Error("yes")]) {
      Promise.reject(error);
    }`;
  const ended = await asked(`onUnhandledRejectionIntegration({ mode: "none", ignore: ${rules} })`, source);
  assert.deepEqual([ended.code, ended.stderr], [0, ""]);
  assert.deepEqual(ended.events.map(([value]) => value).sort(), ["never", "yes"]);
});
