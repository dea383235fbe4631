// The integrations of a client, and what else `init` takes that the core never sees.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

import { program, run } from "./support/child.mjs";
import { openSink } from "./support/sink.mjs";

test("integrations are set up, listed, found, and see events", async () => {
  const sink = await openSink();
  const file = program(`
    const Sentry = require("PACKAGE");
    const order = [];
    const one = {
      name: "One",
      setupOnce: () => order.push("once"),
      setup: (client) => order.push(client === Sentry.getClient() ? "setup" : "early"),
      afterAllSetup: () => order.push("after"),
      processEvent: (event) => ({ ...event, tags: { ...event.tags, order: order.join() } }),
    };
    const broken = { name: "Broken", setup() { throw new Error("no") } };
    const options = { dsn: process.env.DSN, storageDir: process.env.HOME, integrations: [one, broken, Sentry.featureFlagsIntegration()] };
    Sentry.init({ ...options, initialScope: { tags: { from: "init" } } });
    Sentry.init({ ...options, integrations: (defaults) => [...defaults, one, { name: "Off" }], disabledIntegrations: ["Off"] });
    console.log(Sentry.getClient().getIntegrationByName("One") === one, Sentry.getClient().getIntegrationByName("Off"));
    Sentry.captureMessage("m");
    Sentry.close().then(() => Sentry.init({ ...options, enabled: false, defaultIntegrations: false })).then(() => {
      console.log(Sentry.isEnabled(), Sentry.captureMessage("never"));
      try { Sentry.init({ integration: [] }); } catch (error) { console.log(error.message); }
    });
  `);
  const { stdout, stderr, code } = await run(file, { DSN: sink.dsn });
  await sink.close();
  assert.equal(code, 0, stderr);
  const [found, off, complaint] = stdout.split("\n");
  assert.equal(found, "true undefined");
  assert.equal(off, "false undefined");
  assert.match(complaint, /no option `integration`/);
  assert.equal(sink.events.length, 1);
  const [event] = sink.events;
  assert.equal(event.tags.order, "once,setup,after,setup,after");
  assert.equal(event.tags.from, "init");
  assert.deepEqual([event.sdk.integrations[0], event.sdk.integrations.at(-1)], ["LinkedErrors", "One"]);
  assert.ok(event.sdk.integrations.includes("Http"));
});

test("default integrations are left out by their names, and the core stops doing what they stand for", async () => {
  const sink = await openSink();
  const file = program(`
    const Sentry = require("PACKAGE");
    const base = { dsn: process.env.DSN, storageDir: process.env.HOME };
    const capture = () => Sentry.captureException(new Error("outer", { cause: new Error("inner") }));
    (async () => {
      Sentry.init(base);
      console.log("first");
      capture();
      await Sentry.close();
      const out = ["Console", "ContextLines", "Context", "LinkedErrors", "Modules"];
      Sentry.init({ ...base, integrations: (defaults) => defaults.filter(({ name }) => !out.includes(name)) });
      console.log("second");
      capture();
      await Sentry.close();
      Sentry.init({ ...base, disabledIntegrations: ["console", "contextLines"], integrations: [Sentry.contextLinesIntegration({ frameContextLines: 1 })] });
      console.log(Sentry.getClient().getIntegrationByName("ContextLines"));
      await Sentry.close();
      Sentry.init({ ...base, sendDefaultPii: true, integrations: [Sentry.contextLinesIntegration({ frameContextLines: 1 })] });
      capture();
    })();
  `);
  const { stdout, stderr, code } = await run(file, { DSN: sink.dsn });
  await sink.close();
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "first\nsecond\nundefined\n");
  const [first, second, third] = sink.events;
  const shape = (event) => {
    const frame = event.exception.values.at(-1).stacktrace.frames.at(-1);
    const lines = [frame.pre_context?.length, frame.context_line !== undefined];
    return [event.exception.values.length, event.contexts.os !== undefined, event.breadcrumbs?.values.length, ...lines];
  };
  assert.deepEqual(shape(first), [2, true, 1, 3, true]);
  // The line that was there before.
  assert.deepEqual(shape(second), [1, false, 1, undefined, false]);
  assert.equal(third.exception.values.at(-1).stacktrace.frames.at(-1).pre_context.length, 1);
  assert.deepEqual(["Console", "ContextLines"].map((name) => second.sdk.integrations.includes(name)), [false, false]);
});

/** The packages on an event of a program in a folder that asks for some, installed beside it and above it. */
async function modules(options) {
  const sink = await openSink();
  const file = program(`
    const Sentry = require("PACKAGE");
    Sentry.init({ dsn: process.env.DSN, storageDir: process.env.HOME, ${options} });
    Sentry.captureMessage("m");
  `);
  const folder = join(dirname(file), "shop");
  const write = (path, fields) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof fields === "string" ? fields : JSON.stringify(fields));
  };
  const asked = { near: "^1.0.0", "@scope/far": "2", broken: "*", missing: "*", odd: "*" };
  write(join(folder, "package.json"), { dependencies: asked, optionalDependencies: { extra: "4.x" }, devDependencies: { dev: "1" } });
  write(join(folder, "node_modules/near/package.json"), { version: "1.2.3" });
  write(join(folder, "node_modules/extra/package.json"), { version: "4.5.6" });
  write(join(folder, "node_modules/dev/package.json"), { version: "1.0.0" });
  write(join(folder, "node_modules/broken/package.json"), "{");
  write(join(folder, "node_modules/odd/package.json"), { version: 7 });
  write(join(dirname(file), "node_modules/@scope/far/package.json"), { version: "2.0.1" });
  write(join(folder, "bin/main.js"), `require(${JSON.stringify(file)})`);
  const { stderr, code } = await run(join(folder, "bin/main.js"), { DSN: sink.dsn });
  await sink.close();
  assert.equal(code, 0, stderr);
  assert.equal(sink.events.length, 1);
  return sink.events[0].modules;
}

test("the packages that the application asks for are on an error", async () => {
  assert.deepEqual(await modules(""), { near: "1.2.3", "@scope/far": "2.0.1", extra: "4.5.6" });
});

test("the application may say which packages, or none", async () => {
  assert.deepEqual(await modules('modules: { shop: "1.2" }'), { shop: "1.2" });
  assert.equal(await modules("modules: {}"), undefined);
  assert.equal(await modules('disabledIntegrations: ["modules"]'), undefined);
});
