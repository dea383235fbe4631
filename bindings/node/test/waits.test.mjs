// Who waits for a flush: each for its own time, by one timer, and nobody else keeps a process alive.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

const require = createRequire(import.meta.url);
const { Waits } = require("../dist/waits.js");
const LONG = 60_000;

/** A wait for each number; the answers as they come. */
function waits() {
  const [told, late] = [[], []];
  const all = new Waits((number) => late.push(number));
  const add = (number, limit) => all.add(number, limit, (done) => told.push([number, done]));
  return { all, add, told, late };
}

// The timers of the waits keep no process alive, so that something else has to.
const timer = setInterval(() => {}, LONG);
test.after(() => clearInterval(timer));

test("an answer is told once, to whom it belongs", () => {
  const { all, add, told, late } = waits();
  for (const number of [1, 2, 3]) add(number, LONG);
  all.answer(2, true);
  all.answer(2, true);
  all.answer(4, true);
  all.answer(3, false);
  all.answer(1, true);
  assert.deepEqual([told, late], [[[2, true], [3, false], [1, true]], []]);
});

test("what takes too long is told once, also after others that did not", async () => {
  const { all, add, told, late } = waits();
  add(1, 20);
  all.answer(1, true);
  add(2, 20);
  add(3, 30);
  add(4, LONG);
  await sleep(60);
  all.answer(2, true);
  // The timer has gone off, and serves again.
  add(5, 20);
  await sleep(50);
  assert.deepEqual(told, [[1, true], [2, false], [3, false], [5, false]]);
  assert.deepEqual(late, [2, 3, 5]);
});

test("a wait begun later ends later, and a shorter one ends first", async () => {
  const { all, add, told } = waits();
  add(1, 200);
  all.answer(1, true);
  await sleep(150);
  add(2, 200);
  await sleep(100);
  assert.deepEqual(told, [[1, true]], "it has its whole time");
  add(3, 10);
  await sleep(40);
  assert.deepEqual(told, [[1, true], [3, false]]);
  await sleep(150);
  assert.deepEqual(told.at(-1), [2, false]);
});

test("no time at all, and all the time there is", async () => {
  const { add, told } = waits();
  add(1, Infinity);
  add(2, 2 ** 40);
  add(3, 0);
  await sleep(20);
  assert.deepEqual(told, [[3, false]]);
});

test("a process lives while a flush is waited for, and no longer", async () => {
  // Takes requests and answers one of them.
  let answered = 0;
  const server = createServer((request, response) => {
    request.resume().on("end", () => answered++ === 0 && response.end("{}"));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const run = (code) =>
    new Promise((resolve) => {
      const storageDir = mkdtempSync(join(tmpdir(), "watchpost-"));
      const dsn = `http://key@127.0.0.1:${server.address().port}/1`;
      const init = `const Sentry = require(process.argv[1]);
        Sentry.init({ dsn: ${JSON.stringify(dsn)}, storageDir: ${JSON.stringify(storageDir)}, shutdownTimeout: 0 });
        Sentry.captureMessage("m");`;
      const began = performance.now();
      const child = spawn(process.execPath, ["-e", init + code, require.resolve("../dist/index.js")]);
      let said = "";
      child.stdout.on("data", (data) => (said += data));
      child.on("close", () => resolve({ said, took: performance.now() - began }));
    });
  const first = await run(`Sentry.flush(${LONG}).then(console.log);`);
  assert.equal(first.said, "true\n");
  assert.ok(first.took < LONG / 2, "its timer was waited for");
  const second = await run(`Sentry.flush(200).then(console.log);`);
  assert.equal(second.said, "false\n");
  assert.ok(second.took < LONG / 2, "the answer was waited for");
  server.closeAllConnections();
  server.close();
});
