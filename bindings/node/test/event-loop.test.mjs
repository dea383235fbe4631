// A main thread that stands still.
import assert from "node:assert/strict";
import { test } from "node:test";

import { program, run } from "./support/child.mjs";
import { openSink } from "./support/sink.mjs";

test("a block is reported while it lasts, with the stack and the scopes of what blocks, once", async () => {
  const sink = await openSink();
  const file = program(`
    const Sentry = require("PACKAGE");
    Sentry.init({
      dsn: process.env.DSN,
      storageDir: process.env.HOME,
      integrations: [Sentry.eventLoopBlockIntegration({ threshold: 100 })],
    });
    let reported = false;
    Sentry.addEventProcessor((event) => { reported = true; return event; });
    function grind() {
      const end = Date.now() + 20_000;
      while (!reported && Date.now() < end);
    }
    setTimeout(() => {
      Sentry.withIsolationScope(() => {
        Sentry.setTag("job", "7");
        grind();
      });
      // The process ends by itself: the watching thread keeps nobody up.
      console.log(reported);
    }, 300);
  `);
  const { code, stdout, stderr } = await run(file, { DSN: sink.dsn });
  assert.deepEqual([code, stdout], [0, "true\n"], stderr);
  await sink.arrived(1);
  await sink.close();
  const [event] = sink.events;
  const [exception] = event.exception.values;
  assert.deepEqual([exception.type, exception.mechanism.type], ["EventLoopBlocked", "auto.node.event_loop_block"]);
  const grinding = exception.stacktrace.frames.find((frame) => frame.function === "grind");
  assert.deepEqual([grinding?.filename, grinding?.in_app], [file, true]);
  assert.match(grinding.context_line, /while \(!reported/);
  assert.equal(event.tags.job, "7");
  assert.equal(sink.events.length, 1);
});

for (const [integration, count] of [
  ["eventLoopBlockIntegration({ threshold: 60, staticTags: { job: '8' } })", 1],
  ["eventLoopBlockIntegration({ threshold: 60, maxEventsPerHour: 2, staticTags: { job: '8' } })", 2],
  ["anrIntegration({ anrThreshold: 60, maxAnrEvents: 2, staticTags: { job: '8' } })", 2],
  ["eventLoopBlockIntegration({ threshold: 60, maxEventsPerHour: 0 })", 0],
]) {
  test(`no more blocks are reported than were asked for: ${integration}`, async () => {
    const sink = await openSink();
    const file = program(`
      const Sentry = require("PACKAGE");
      Sentry.init({ dsn: process.env.DSN, storageDir: process.env.HOME, integrations: [Sentry.${integration}] });
      const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      const most = ${count};
      let reported = 0;
      Sentry.addEventProcessor((event) => { reported += 1; return event; });
      (async () => {
        await pause(1000);
        for (let round = 1; round <= 3; round += 1) {
          const due = Math.min(round, most);
          const end = Date.now() + (reported < due ? 20_000 : 600);
          while (Date.now() < end && (reported < due || due === most && round > most)) Math.sqrt(round);
          await pause(200);
        }
        console.log(reported);
      })();
    `);
    const { code, stdout, stderr } = await run(file, { DSN: sink.dsn }, { limit: 90_000 });
    await sink.close();
    assert.deepEqual([code, stdout], [0, `${count}\n`], stderr);
    assert.deepEqual(sink.events.map((event) => event.tags?.job), Array(count).fill("8"));
  });
}
