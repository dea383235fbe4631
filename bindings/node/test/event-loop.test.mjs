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
