// Local variables, read by the debugger at the throw.
import assert from "node:assert/strict";
import inspector from "node:inspector";
import { test } from "node:test";

import * as Sentry from "watchpost";
import { initTesting, takeRecorded, takeSaid } from "watchpost/testing";

import throttling from "../dist/integrations/throttle.js";
import { program, run } from "./support/child.mjs";
import { openSink } from "./support/sink.mjs";

const { Throttle } = throttling;
const last = (list) => list[list.length - 1];

function start(options = {}) {
  initTesting({ dsn: "https://key@errors.example.com/42", includeLocalVariables: true, ...options }, 1767323045, 1, true);
}

/** The frames of what `failing` throws, the innermost first. */
function framesOf(failing) {
  takeRecorded();
  try {
    failing();
    assert.fail("nothing was thrown");
  } catch (error) {
    Sentry.captureException(error);
  }
  const [event] = takeRecorded().flatMap(({ items }) => items).map(({ payload }) => payload);
  return last(event.exception.values).stacktrace.frames.reverse();
}

test("the variables of each call, as they were at the throw", () => {
  start();
  class Cart {
    total = 12;
    pay(card) {
      const attempts = [1, 2];
      for (const attempt of attempts) {
        card.tries = attempt;
        if (attempt === 2) throw new Error("declined");
      }
    }
  }
  function checkout(user) {
    const cart = new Cart();
    cart.pay({ network: "visa", tries: 0 });
    return user;
  }
  const frames = framesOf(() => {
    try {
      checkout("ada");
    } catch (error) {
      error.handled = true;
      throw error;
    }
  });
  assert.equal(frames[0].function, "Cart.pay");
  assert.deepEqual(frames[0].vars, { attempt: 2, card: { network: "visa", tries: 2 }, attempts: [1, 2] });
  assert.equal(frames[1].function, "checkout");
  assert.deepEqual(frames[1].vars, { user: "ada", cart: { total: 12 } });
});

test("values of every kind are copied without running code of theirs, and bounded", () => {
  start();
  let ran = 0;
  const watched = new Proxy({}, { ownKeys: () => (ran += 1, []), getOwnPropertyDescriptor: () => void (ran += 1) });
  class Order {
    get price() {
      return (ran += 1);
    }
    toJSON() {
      return (ran += 1);
    }
  }
  function fail() {
    const kinds = {
      none: null, nothing: undefined, big: 12n, nan: NaN, mark: Symbol("m"), when: new Date(0), rule: /a+/,
      call: fail, map: new Map([["a", 1]]), set: new Set([1]), bytes: new Uint8Array(3), error: new TypeError("inner"),
    };
    const lazy = Object.defineProperty({}, "price", { enumerable: true, get: () => (ran += 1) });
    const order = new Order();
    const deep = { a: { b: { c: { d: 1 } } } };
    const cycle = {};
    cycle.cycle = cycle;
    const long = "x".repeat(5000);
    const many = Array.from({ length: 1000 }, (_, n) => n);
    const proxy = watched;
    throw new Error([kinds, lazy, order, deep, cycle, long, many, proxy].length);
  }
  const [{ vars }] = framesOf(fail);
  assert.equal(ran, 0);
  assert.deepEqual(vars.kinds, {
    none: null, nothing: "<undefined>", big: "12n", nan: "NaN", mark: "Symbol(m)", when: "1970-01-01T00:00:00.000Z", rule: "/a+/",
    call: "[function fail]", map: [["a", 1]], set: [1], bytes: "[Uint8Array] 3 bytes", error: "[TypeError]: inner",
  });
  assert.deepEqual([vars.lazy, vars.order, vars.proxy], [{ price: "[getter]" }, {}, "[Proxy]"]);
  assert.deepEqual(vars.deep, { a: { b: { c: "[Object]" } } });
  assert.deepEqual(vars.cycle, { cycle: { cycle: { cycle: "[Object]" } } });
  assert.equal(vars.long, `${"x".repeat(1024)}… (5000 characters)`);
  assert.deepEqual([vars.many.length, last(vars.many)], [21, "… 980 more"]);
});

test("all values of an error share one budget", () => {
  start();
  function fill(depth) {
    const texts = Array.from({ length: 12 }, () => "y".repeat(1000));
    if (depth === 0) throw new Error(texts.length);
    fill(depth - 1);
  }
  const frames = framesOf(() => fill(6));
  assert.ok(JSON.stringify(frames.map((frame) => frame.vars ?? {})).length < 40_000);
  assert.equal(frames[0].vars.texts.length, 12);
});

test("secrets are masked by their names, and types alone can be asked for", () => {
  const fail = (password, note) => {
    throw new Error(password.length + note.length);
  };
  const failing = () => fail("hunter2", "hello");
  start();
  assert.deepEqual(framesOf(failing)[0].vars, { password: "[Filtered]", note: "hello" });
  start({ includeLocalVariables: "types" });
  assert.deepEqual(framesOf(failing)[0].vars, { password: "[Filtered]", note: "string" });
});

test("nothing is read unless it is asked for", () => {
  const fail = (note) => {
    throw new Error(note);
  };
  for (const off of [{ includeLocalVariables: undefined }, { includeLocalVariables: false, integrations: [Sentry.localVariablesIntegration()] },
    { dataCollection: { stackFrameVariables: false } }, { disabledIntegrations: ["localVariables"] }]) {
    start(off);
    assert.equal(framesOf(() => fail("hello"))[0].vars, undefined, JSON.stringify(off));
  }
  start({ includeLocalVariables: undefined, integrations: [Sentry.localVariablesIntegration()] });
  assert.deepEqual(framesOf(() => fail("hello"))[0].vars, { note: "hello" });
});

test("rejections, and errors that are made before they are thrown", async () => {
  start();
  const make = (text) => new Error(text);
  async function later(step) {
    await null;
    throw make(`failed at ${step}`);
  }
  const error = await later(3).catch((caught) => caught);
  const frames = framesOf(() => {
    throw error;
  });
  assert.deepEqual(frames.map(({ function: name, vars }) => [name, vars]).slice(0, 2), [["make", undefined], ["later", { step: 3 }]]);
});

test("beyond the errors of a second it pauses", () => {
  start({ integrations: [Sentry.localVariablesIntegration({ maxExceptionsPerSecond: 3 })] });
  const fail = (n) => {
    throw new Error(`number ${n}`);
  };
  assert.deepEqual(framesOf(() => fail(1))[0].vars, { n: 1 });
  for (let n = 0; n < 50; n++) assert.throws(() => fail(n));
  assert.equal(framesOf(() => fail(2))[0].vars, undefined);
});

test("it pauses in two steps, and longer each time", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const states = [];
  const throttle = new Throttle("all", 3, (state) => states.push(state));
  const burst = () => {
    for (let n = 0; n < 3; n++) throttle.count(0);
    return states.splice(0);
  };
  assert.deepEqual([burst(), burst(), burst()], [["uncaught"], ["none"], []]);
  t.mock.timers.tick(9_999);
  assert.deepEqual(states, []);
  t.mock.timers.tick(1);
  assert.deepEqual(states.splice(0), ["all"]);
  assert.deepEqual(burst(), ["uncaught"]);
  t.mock.timers.tick(19_999);
  assert.deepEqual(states, []);
  t.mock.timers.tick(1);
  assert.deepEqual(states.splice(0), ["all"]);
  throttle.count(150);
  assert.deepEqual(states, ["uncaught"], "a tenth of a second is too much, too");
  throttle.stop();
});

test("somebody else who debugs has the process for himself", () => {
  start();
  const fail = (n) => {
    throw new Error(`number ${n}`);
  };
  inspector.open(0, "127.0.0.1");
  try {
    assert.equal(framesOf(() => fail(1))[0].vars, undefined);
    start();
    assert.deepEqual(takeSaid(), ["no local variables are collected while this process is debugged"]);
    assert.equal(framesOf(() => fail(2))[0].vars, undefined);
  } finally {
    inspector.close();
  }
  start();
  assert.deepEqual(framesOf(() => fail(3))[0].vars, { n: 3 });
});

test("an uncaught error has its variables, and ends the process as ever", async () => {
  const sink = await openSink();
  const file = program(`
    const Sentry = require("PACKAGE");
    Sentry.init({ dsn: process.env.DSN, storageDir: process.env.HOME, includeLocalVariables: true });
    const order = { id: 7 };
    const deep = (n) => (n === 0 ? 0 : 1 + deep(n - 1));
    try { deep(1e6); } catch (error) { console.log(error.constructor.name); }
    setTimeout(function expire(seconds) { throw new Error("late"); }, 1, 3);
  `);
  const { code, stdout, stderr } = await run(file, { DSN: sink.dsn });
  assert.deepEqual([code, stdout], [1, "RangeError\n"], stderr);
  assert.match(stderr, /Error: late/);
  await sink.arrived(1);
  await sink.close();
  const frame = last(last(sink.events[0].exception.values).stacktrace.frames);
  assert.deepEqual([frame.function, frame.vars], ["Timeout.expire", { seconds: 3 }]);
});
