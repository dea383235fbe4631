// The page about migrating tells the truth: its code runs, and the names that it lists exist.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

import * as Sentry from "watchpost";
import { takeSaid } from "watchpost/testing";

const page = readFileSync(new URL("../../../docs/migrating-from-sentry-node.md", import.meta.url), "utf8");
const blocks = [...page.matchAll(/^```js\n([^]*?)^```/gm)].map(([, code]) => code);
const AsyncFunction = (async () => {}).constructor;

for (const [at, code] of blocks.entries()) {
  test(`block ${at + 1}`, async () => {
    // The first block says what `Sentry` is.
    const given = code.includes("const Sentry =") ? [] : ["Sentry"];
    const require = createRequire(import.meta.url);
    // Nothing of it is sent.
    const { init } = Sentry;
    const offline = { ...Sentry, init: (options) => init({ ...options, enabled: false }) };
    await new AsyncFunction("require", ...given, code)(require, offline);
    assert.deepEqual(takeSaid(), []);
  });
}

test("there are blocks", () => assert.ok(blocks.length >= 5));

test("the names that have stayed exist", () => {
  const table = page.slice(page.indexOf("| kind |"), page.indexOf("## Starting"));
  const rows = table.split("\n").filter((row) => !row.startsWith("| older"));
  const names = rows.flatMap((row) => [...row.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  assert.ok(names.length > 40);
  for (const name of names) assert.ok(name in Sentry, `there is no ${name}`);
});

test("the options that have no counterpart are taken with a warning", async () => {
  const table = page.slice(page.indexOf("| `@sentry/node` | `watchpost` |"), page.indexOf("`beforeSend`, `beforeSendTransaction`"));
  const gone = table.split("\n").filter((row) => /\| none/.test(row));
  const names = gone.flatMap((row) => [...row.split("|")[1].matchAll(/`(\w+)`/g)].map(([, name]) => name));
  assert.ok(names.length >= 12);
  const warned = [];
  const note = (warning) => warned.push(warning.message);
  process.on("warning", note);
  for (const name of names) Sentry.init({ [name]: 1, enabled: false });
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", note);
  for (const name of names) assert.equal(warned.filter((line) => line.includes(`\`${name}\` has no effect`)).length, 1, name);
});
