// The processes of node:cluster, which share a port, a folder and a DSN.
import assert from "node:assert/strict";
import { test } from "node:test";

import { program, run } from "./support/child.mjs";
import { openSink } from "./support/sink.mjs";

test("each worker reports for itself, and the primary sees one that fails", async () => {
  const sink = await openSink();
  const file = program(`
    const cluster = require("node:cluster");
    const { once } = require("node:events");
    const http = require("node:http");
    const Sentry = require("PACKAGE");
    Sentry.init({ dsn: process.env.DSN, storageDir: process.env.HOME, release: "shop@1", tracesSampleRate: 1 });
    Sentry.setTag("process", cluster.isPrimary ? "primary" : String(cluster.worker.id));

    async function lead() {
      const workers = [cluster.fork(), cluster.fork()];
      const [[{ port }]] = await Promise.all(workers.map((worker) => once(worker, "listening")));
      for (let n = 0; n < 4; n++) {
        const [response] = await once(http.get({ port, host: "127.0.0.1", path: "/orders/" + n, agent: false }), "response");
        await response.resume().toArray?.();
      }
      const ends = workers.map((worker) => once(worker, "exit"));
      workers[0].send("fail");
      workers[1].disconnect();
      const codes = (await Promise.all(ends)).map(([code]) => code);
      Sentry.captureMessage("both are gone");
      console.log(codes.join());
      await Sentry.close();
    }

    function serve() {
      process.on("message", () => { throw new Error("worker fails"); });
      http.createServer((request, response) => {
        Sentry.captureException(new Error("no order"));
        response.end("no");
      }).listen(0, "127.0.0.1");
    }

    if (cluster.isPrimary) lead();
    else serve();
  `);
  const { code, stdout, stderr } = await run(file, { DSN: sink.dsn });
  assert.deepEqual([code, stdout], [0, "1,0\n"], stderr);
  await sink.arrived(6);
  await sink.close();
  const of = (text) => sink.events.filter((event) => (event.exception?.values[0].value ?? event.logentry.formatted) === text);
  const workers = of("no order").map((event) => event.tags.process).sort();
  assert.deepEqual(workers, ["1", "1", "2", "2"], "connections are handed out in turn");
  for (const event of of("no order")) assert.match(event.request.url, /\/orders\/\d$/);
  const [failed] = of("worker fails");
  assert.deepEqual([failed.tags.process, failed.level, failed.exception.values[0].mechanism.handled], ["1", "fatal", false]);
  const [last] = of("both are gone");
  assert.equal(last.tags.process, "primary");
  const crumb = last.breadcrumbs.values.find((each) => each.category === "child_process");
  assert.equal(crumb.message, "a child process ended with code 1");
  assert.equal(new Set(sink.events.map((event) => event.event_id)).size, 6);
  const answered = sink.of("transaction").filter((each) => each.contexts.trace.op === "http.server");
  assert.equal(answered.length, 4);
});
