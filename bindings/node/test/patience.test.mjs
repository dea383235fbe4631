// One timer for one wait after the other: each ends in its own time, and no idle one keeps a process alive.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

const require = createRequire(import.meta.url);
const path = require.resolve("../dist/patience.js");
const { Patience } = require(path);
const LONG = 60_000;

test("what takes too long is told once, also after others that did not", async () => {
  const patience = new Patience();
  patience.wait(20, () => assert.fail("this one ended"))();
  const told = [];
  const first = new Promise((resolve) => patience.wait(20, () => resolve(told.push("first"))));
  const second = new Promise((resolve) => patience.wait(20, () => resolve(told.push("second"))));
  const ended = patience.wait(20, () => assert.fail("this one ended, too"));
  ended();
  await Promise.all([first, second]);
  // The timer has gone off, and serves again.
  await new Promise((resolve) => patience.wait(20, () => resolve(told.push("third"))));
  await sleep(60);
  assert.deepEqual(told, ["first", "second", "third"]);
});

test("a wait begun later ends later, and another limit is another limit", async () => {
  const patience = new Patience();
  patience.wait(300, () => assert.fail("this one ended"))();
  await sleep(200);
  let late = false;
  const end = patience.wait(300, () => (late = true));
  await sleep(150);
  assert.equal(late, false, "it has its whole time");
  end();
  patience.wait(LONG, () => assert.fail("this one ended"))();
  await new Promise((resolve) => patience.wait(10, resolve));
});

test("only a wait keeps the process alive", () => {
  const run = (code) => execFileSync(process.execPath, ["-e", code, path], { encoding: "utf8", timeout: LONG / 2 });
  const patience = `const { Patience } = require(process.argv[1]); const patience = new Patience();`;
  run(`${patience} patience.wait(${LONG}, () => {})(); patience.wait(${LONG}, () => {})();`);
  const alive = `${patience} patience.wait(50, () => {})(); patience.wait(50, () => console.log("late"));`;
  assert.equal(run(alive), "late\n");
});
