// Every vector of tests/conformance/sdk, through the public API.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import * as Sentry from "watchpost";
import { advanceClock, dsnFacts, initTesting, restartTesting, takeDiscarded, takeRecorded } from "watchpost/testing";

import { hint, needed, signalCall, signalHooks } from "./support/signals.mjs";
import { answered, reset, traceCall, traceHooks } from "./support/traces.mjs";
import { crumbHook, eventHook, read } from "./support/vectors.mjs";

const root = fileURLToPath(new URL("../../../tests/conformance/", import.meta.url));
const files = readdirSync(join(root, "sdk"), { recursive: true }).filter((name) => name.endsWith(".json"));
const names = files.map((name) => join("sdk", name).replaceAll("\\", "/")).sort();
const { skips, stale } = readSkips();
let ran = 0;
// What `<same:x>` stood for in the present vector.
let seen = {};

for (const name of names) {
  if (skips.has(name)) {
    ran += 1;
    continue;
  }
  test(name, async () => {
    ran += 1;
    await run(read(readFileSync(join(root, name), "utf8")));
  });
}

test("every vector ran", () => {
  assert.ok(files.length >= 40, `only ${files.length} vectors in ${relative(process.cwd(), root)}`);
  assert.equal(ran, files.length);
  assert.deepEqual(stale, [], "skips.toml names files that do not exist");
});

async function run({ given = {}, hooks = {}, calls = [], expect }) {
  Object.assign(process.env, given.env);
  try {
    await check({ given, hooks, calls, expect });
  } finally {
    for (const name of Object.keys(given.env ?? {})) delete process.env[name];
  }
}

async function check({ given, hooks, calls, expect }) {
  const options = camel({ dsn: "https://key@errors.example.com/42", ...given.options });
  const seed = given.seed ?? 1;
  if (hooks.before_send) options.beforeSend = eventHook(hooks.before_send);
  if (hooks.before_breadcrumb) options.beforeBreadcrumb = crumbHook(hooks.before_breadcrumb);
  Object.assign(options, traceHooks(hooks, eventHook), signalHooks(hooks, eventHook));
  options.integrations = needed(calls);
  reset();
  seen = {};
  const start = () => initTesting(options, given.now ?? 1767323045, seed);
  if (expect.init_error) {
    const { option, contains } = expect.init_error;
    assert.throws(start, (error) => {
      assert.ok(error instanceof TypeError);
      assert.ok(error.message.includes(camelName(option)), error.message);
      return error.message.includes(contains);
    });
    return;
  }
  start();
  if (hooks.event_processor) Sentry.addEventProcessor(eventHook(hooks.event_processor));
  const captured = [];
  const envelopes = [];
  for (const { list, die } of starts(calls)) {
    await play(list, captured);
    envelopes.push(...takeRecorded());
    if (die) restartTesting({ ...options, ...camel(die.options ?? {}) }, seed + 1, die);
  }
  if (expect.captured) assert.deepEqual(captured, expect.captured);
  if (expect.headers) match(expect.headers, answered(), "headers");
  if (expect.dsn) match(expect.dsn, dsnFacts(), "dsn");
  if (expect.bytes !== undefined) assert.equal(envelopes[0].bytes, expect.bytes);
  if (expect.envelopes) {
    assert.equal(envelopes.length, expect.envelopes.length, "number of envelopes");
    expect.envelopes.forEach((wanted, at) => matchEnvelope(wanted, envelopes[at], `envelopes[${at}]`));
  }
  if (expect.dropped) {
    const order = (list) => list.map((drop) => `${drop.reason} ${drop.category} ${drop.quantity}`).sort();
    assert.deepEqual(order(takeDiscarded()), order(expect.dropped));
  }
}

/** The calls of each start: `die` stands between them. */
function starts(calls) {
  const all = [{ list: [] }];
  for (const call of calls) {
    if (call.do === "die") {
      all.at(-1).die = call;
      all.push({ list: [] });
    } else {
      all.at(-1).list.push(call);
    }
  }
  return all;
}

function play(calls, captured) {
  for (const [at, call] of calls.entries()) {
    const rest = () => play(calls.slice(at + 1), captured);
    // What continues a trace does so for a callback: for all that comes after it.
    if (call.do === "continue_trace") return traceCall(call, undefined, rest)();
    const done = one(call, captured);
    if (done instanceof Promise) return done.then(rest);
  }
  return undefined;
}

/** Runs a call; the answer is a promise if it has to be waited for. */
function one(call, captured) {
  const inner = (calls) => play(calls, captured);
  const trace = traceCall(call, inner);
  if (trace) return trace();
  const scope = { global: Sentry.getGlobalScope, isolation: Sentry.getIsolationScope, current: Sentry.getCurrentScope }[
    call.scope
  ]?.();
  const target = scope ?? Sentry;
  const signal = signalCall(call, target, captured, inner);
  if (signal) return signal();
  switch (call.do) {
    case "capture_event":
      return captured.push(Sentry.captureEvent(call.event, hint(call)) !== undefined);
    case "capture_message":
      return captured.push(Sentry.captureMessage(call.message, call.level) !== undefined);
    case "add_breadcrumb":
      return Sentry.addBreadcrumb(call.breadcrumb);
    case "set_tag":
    case "set_extra":
    case "set_context":
      return target[camelName(call.do)](call.key, call.value);
    case "remove_tag":
      return target.setTag(call.key, null);
    case "set_user":
      return target.setUser(call.user);
    case "set_level":
      return target.setLevel(call.level);
    case "set_fingerprint":
      return target.setFingerprint(call.fingerprint);
    case "set_transaction_name":
      return target.setTransactionName(call.value);
    case "add_event_processor":
      return scope.addEventProcessor(eventHook(call.hook));
    case "clear":
      return scope.clear();
    case "clear_breadcrumbs":
      return scope.clearBreadcrumbs();
    case "new_scope":
      return Sentry.withScope(() => play(call.calls, captured));
    case "isolation_scope":
      return Sentry.withIsolationScope(() => play(call.calls, captured));
    case "repeat":
      for (let i = 0; i < call.times; i++) {
        play(JSON.parse(JSON.stringify(call.calls).replaceAll("{i}", String(i))), captured);
      }
      return undefined;
    case "set_consent":
      return Sentry.setConsent(call.given);
    case "advance_clock":
      return advanceClock(call.seconds);
    case "flush":
      return Sentry.flush();
    case "close":
      return Sentry.close();
    default:
      throw new Error(`unknown verb ${call.do}`);
  }
}

function matchEnvelope(wanted, got, at) {
  if (wanted.header) match(wanted.header, got.header, `${at}.header`);
  if (!wanted.items) return;
  assert.equal(got.items.length, wanted.items.length, `${at}: number of items`);
  wanted.items.forEach((item, index) => match(item, got.items[index], `${at}.items[${index}]`));
}

function match(wanted, got, at) {
  if (wanted === "<any>") return assert.notEqual(got ?? null, null, `${at} is missing`);
  if (wanted === null) return assert.equal(got ?? null, null, `${at} should be absent`);
  const named = typeof wanted === "string" && /^<(same|not):(.*)>$/.exec(wanted);
  if (named) {
    const [, kind, name] = named;
    if (kind === "not") return assert.notEqual(got, seen[name], `${at} is ${name}`);
    seen[name] ??= got;
    return assert.equal(got, seen[name], `${at} is not ${name}`);
  }
  if (Array.isArray(wanted)) {
    assert.ok(Array.isArray(got), `${at} is no list`);
    assert.equal(got.length, wanted.length, `${at}: length`);
    return wanted.forEach((item, index) => match(item, got[index], `${at}[${index}]`));
  }
  if (typeof wanted !== "object") return assert.equal(got, wanted, at);
  assert.equal(typeof (got ?? undefined), "object", `${at} is no object`);
  for (const [key, value] of Object.entries(wanted)) match(value, got[key], `${at}.${key}`);
}

function camel(options) {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [camelName(name), value]));
}

function camelName(name) {
  return name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
}

// The files that skips.toml names for Node; a name that ends in `/*` stands for all files of a folder.
function readSkips() {
  const blocks = readFileSync(join(root, "skips.toml"), "utf8").split("[[skip]]").slice(1);
  const field = (block, name) => new RegExp(`^${name} = "(.*)"`, "m").exec(block)?.[1];
  const found = { skips: new Set(), stale: [] };
  for (const block of blocks.filter((block) => field(block, "language") === "node")) {
    const wanted = field(block, "file");
    const folder = wanted.endsWith("/*") ? wanted.slice(0, -1) : undefined;
    const hits = names.filter((name) => (folder ? name.startsWith(folder) : name === wanted));
    for (const hit of hits) found.skips.add(hit);
    if (hits.length === 0) found.stale.push(wanted);
  }
  return found;
}
