// The integrations of a client, and what else `init` takes that the core never sees.
import assert from "node:assert/strict";
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
  assert.deepEqual([event.sdk.integrations[0], event.sdk.integrations.at(-1)], ["uncaught", "One"]);
  assert.ok(event.sdk.integrations.includes("httpServer"));
});
