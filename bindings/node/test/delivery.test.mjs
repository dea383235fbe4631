// What becomes of events in the end.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";

import { program, run, temporary } from "./support/child.mjs";
import { openSink } from "./support/sink.mjs";

const START = `
const Sentry = require("PACKAGE");
Sentry.init({ dsn: process.env.DSN, storageDir: process.env.STORAGE, release: "shop@1" });
`;

test("an event arrives, compressed, with what Node knows", async () => {
  const sink = await openSink();
  const file = program(`${START}
    Sentry.captureException(new TypeError("broken"));
    Sentry.flush(10_000).then((done) => console.log(done));`);
  const { code, stdout, stderr } = await run(file, { DSN: sink.dsn, STORAGE: temporary() });
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "true\n", stderr: "" });
  const [event] = await sink.arrived(1);
  assert.deepEqual([...sink.encodings], ["gzip"]);
  assert.equal(event.platform, "node");
  assert.equal(event.release, "shop@1");
  assert.equal(event.sdk.name, "watchpost.node");
  assert.equal(event.sdk.packages[0].name, "npm:watchpost");
  assert.equal(event.contexts.runtime.name, "node");
  assert.equal(event.contexts.runtime.version, process.version);
  assert.equal(event.contexts.device.arch, process.arch);
  assert.ok(event.contexts.os.name && event.server_name);
  await sink.close();
});

for (const [when, last] of [["at the end of the process", ""], ["by a flush", "await Sentry.flush(10_000); process.kill(process.pid, 'SIGKILL');"]]) {
  test(`requests that wait to be counted are handed over ${when}`, async () => {
    const sink = await openSink();
    const file = program(`${START}
      const server = require("node:http").createServer((request, response) => {
        response.statusCode = request.url === "/3" ? 500 : 200;
        response.end();
      });
      server.listen(0, "127.0.0.1", async () => {
        for (let n = 0; n < 5; n++) await (await fetch(\`http://127.0.0.1:\${server.address().port}/\${n}\`)).text();
        server.closeAllConnections();
        server.close();
        ${last}
      });`);
    await run(file, { DSN: sink.dsn, STORAGE: temporary() });
    const [{ aggregates }] = sink.of("sessions");
    // The minute may have ended between two of them.
    const sum = (name) => aggregates.reduce((all, each) => all + (each[name] ?? 0), 0);
    assert.deepEqual([sum("exited"), sum("errored")], [4, 1]);
    await sink.close();
  });
}

test("nothing is lost to SIGKILL, and nothing arrives twice", async () => {
  const port = await freePort();
  const env = { DSN: `http://key@127.0.0.1:${port}/42`, STORAGE: temporary() };
  const killed = program(`${START}
    for (let n = 0; n < 20; n++) console.log(Sentry.captureException(new Error("lost " + n)));
    process.kill(process.pid, "SIGKILL");`);
  const first = await run(killed, env);
  assert.equal(first.signal, "SIGKILL");
  const sink = await openSink(port);
  // The next start captures nothing itself.
  const next = program(`${START} setTimeout(() => Sentry.close(10_000), 100);`);
  assert.equal((await run(next, env)).code, 0);
  assert.equal((await run(next, env)).code, 0);
  await sink.arrived(20);
  const ids = sink.events.map((event) => event.event_id).sort();
  assert.deepEqual(ids, first.stdout.trim().split("\n").sort());
  await sink.close();
});

test("the hook sees the report about a process that was killed", async () => {
  const sink = await openSink();
  const env = { DSN: sink.dsn, STORAGE: temporary() };
  const killed = program(`${START.replace("})", ", reportKilled: true })")}
    Sentry.addBreadcrumb({ message: "about to be killed" });
    setTimeout(() => process.kill(process.pid, "SIGKILL"), 50);`);
  assert.equal((await run(killed, env)).signal, "SIGKILL");
  for (const [answer, word] of [
    ["(event)", "at once"],
    ["Promise.resolve(event)", "later"],
  ]) {
    const next = program(`
      const Sentry = require("PACKAGE");
      const beforeSend = (event) => { event.tags = { seen: "${word}" }; return ${answer}; };
      const { DSN: dsn, STORAGE: storageDir } = process.env;
      Sentry.init({ dsn, storageDir, release: "shop@1", reportKilled: true, beforeSend });
      if ("${word}" === "at once") setTimeout(() => process.kill(process.pid, "SIGKILL"), 300);
      else Sentry.close(10_000);`);
    await run(next, env);
  }
  const reports = await sink.arrived(2);
  assert.deepEqual(reports.map((event) => event.tags?.seen).sort(), ["at once", "later"]);
  await sink.close();
});

test("process.exit delivers what is there", async () => {
  const sink = await openSink();
  const file = program(`${START}
    for (let n = 0; n < 20; n++) Sentry.captureMessage("m" + n);
    process.exit(4);`);
  const { code } = await run(file, { DSN: sink.dsn, STORAGE: temporary() });
  assert.equal(code, 4);
  assert.equal((await sink.arrived(20)).length, 20);
  await sink.close();
});

test("a client that is never closed holds nobody, even when the server does not answer", async () => {
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await new Promise((resolve) => silent.once("listening", resolve));
  const file = program(`${START} Sentry.captureMessage("x");`);
  const env = { DSN: `http://key@127.0.0.1:${silent.address().port}/42`, STORAGE: temporary() };
  const begin = performance.now();
  const { code, stderr } = await run(file, env);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.ok(performance.now() - begin < 6_000, "it took longer than shutdownTimeout allows");
  silent.close();
});

test("a beforeSend that answers later", async () => {
  const sink = await openSink();
  const file = program(`
    const Sentry = require("PACKAGE");
    const answers = {
      keep: async (event) => { await new Promise((r) => setTimeout(r, 20)); event.tags = { later: "yes" }; return event; },
      drop: async () => null,
      fail: async () => { throw new Error("no"); },
      never: () => new Promise(() => {}),
    };
    Sentry.init({
      dsn: process.env.DSN, storageDir: process.env.STORAGE, shutdownTimeout: 300,
      beforeSend: (event) => answers[event.message](event),
    });
    for (const name of Object.keys(answers)) Sentry.captureMessage(name);
    Sentry.flush(10_000).then((done) => console.log(done));`);
  const { stdout, stderr } = await run(file, { DSN: sink.dsn, STORAGE: temporary() });
  assert.deepEqual({ stdout, stderr }, { stdout: "true\n", stderr: "" });
  await sink.arrived(1);
  assert.deepEqual(sink.events.map((event) => event.tags), [{ later: "yes" }]);
  await sink.close();
});

for (const [name, source] of [
  ["each with a client of its own", `Sentry.init({ dsn: process.env.DSN, storageDir: process.env.STORAGE });`],
  ["each with hooks of its own", `Sentry.init({ dsn: process.env.DSN, storageDir: process.env.STORAGE, beforeSend: (e) => e });`],
]) {
  test(`worker threads, ${name}`, async () => {
    const sink = await openSink();
    const file = program(`
      const { Worker, isMainThread, threadId } = require("node:worker_threads");
      const Sentry = require("PACKAGE");
      ${source}
      Sentry.captureMessage("from " + threadId);
      if (isMainThread) {
        for (let n = 0; n < 4; n++) new Worker(__filename);
        const early = new Worker(__filename);
        early.on("online", () => early.terminate());
      }`);
    const { code, stderr } = await run(file, { DSN: sink.dsn, STORAGE: temporary() });
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    await sink.arrived(5);
    await sink.close();
  });
}

test("an error that a worker thread does not catch arrives once", async () => {
  const sink = await openSink();
  const file = program(`
    const { Worker, isMainThread } = require("node:worker_threads");
    require("PACKAGE").init({ dsn: process.env.DSN, storageDir: process.env.STORAGE });
    if (isMainThread) new Worker(__filename).on("error", () => {});
    else throw new Error("in the worker");`);
  assert.equal((await run(file, { DSN: sink.dsn, STORAGE: temporary() })).code, 0);
  await sink.arrived(1);
  assert.equal(sink.events.length, 1);
  await sink.close();
});

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
