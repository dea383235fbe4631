// What is read from whatever is thrown.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "node:test";
import vm from "node:vm";

import * as Sentry from "watchpost";
import { initTesting, takeRecorded } from "watchpost/testing";

import { temporary } from "./support/child.mjs";

function capture(thrown, options = {}) {
  initTesting({ dsn: "https://key@errors.example.com/42", ...options }, 1767323045, 1);
  assert.match(Sentry.captureException(thrown), /^[0-9a-f]{32}$/);
  return takeRecorded()[0].items[0].payload;
}

const chainOf = (event) => event.exception.values;
const last = (list) => list[list.length - 1];

test("frames: function, file, line, column, module, source, the application's own", () => {
  class Till {
    close() {
      throw new RangeError("till is open");
    }
  }
  let error;
  try {
    [1].map(() => new Till().close());
  } catch (caught) {
    error = caught;
  }
  const [exception] = chainOf(capture(error));
  assert.deepEqual([exception.type, exception.value], ["RangeError", "till is open"]);
  assert.deepEqual(exception.mechanism, { type: "generic", handled: true });
  const frames = exception.stacktrace.frames;
  const frame = last(frames);
  assert.equal(frame.function, "Till.close");
  assert.equal(frame.filename, "test/errors.test.mjs");
  assert.ok(frame.abs_path.endsWith("/bindings/node/test/errors.test.mjs"));
  assert.equal(frame.module, "test:errors.test");
  assert.equal(frame.context_line.trim(), `throw new RangeError("till is open");`);
  assert.deepEqual([frame.pre_context.length, frame.post_context.length, frame.in_app], [5, 5, true]);
  assert.ok(frame.lineno > 20 && frame.colno > 1);
  const map = frames.find((frame) => frame.function === "Array.map");
  assert.deepEqual([map.filename, map.in_app, map.lineno], ["<anonymous>", false, undefined]);
  assert.ok(frames.some((frame) => frame.filename.startsWith("node:") && frame.in_app === false));
});

test("stack texts of every kind", () => {
  const error = new Error("first\n    at fake (/not/a/frame.js:1:1)\nlast");
  error.stack = `Error: ${error.message}
    at async Promise.all (index 0)
    at async run (file:///app/a%20b/job.mjs?v=1:10:5)
    at Cart.add [as push] (/app/node_modules/@shop/cart/lib/index.js:3:7)
    at new Cart (C:\\app\\cart.js:1:2)
    at eval (eval at make (/app/make (1).js:4:5), <anonymous>:1:1)
    at eval (eval at <anonymous> (eval at outer (/app/outer.js:6:7)), <anonymous>:1:1)
    at node:internal/main/run_main_module:28:49
    at JSON.parse (<anonymous>)
    at /app/plain.js:2:3`;
  const frames = last(chainOf(capture(error))).stacktrace.frames.reverse();
  const seen = frames.map(({ function: name, abs_path, filename, lineno, colno, in_app }) =>
    [name, abs_path ?? filename, lineno, colno, in_app]);
  assert.deepEqual(seen, [
    ["Promise.all", "index 0", undefined, undefined, false],
    ["run", "/app/a b/job.mjs", 10, 5, true],
    ["Cart.add", "/app/node_modules/@shop/cart/lib/index.js", 3, 7, false],
    ["new Cart", "C:\\app\\cart.js", 1, 2, true],
    ["eval", "/app/make (1).js", 4, 5, true],
    ["eval", "/app/outer.js", 6, 7, true],
    ["<anonymous>", "node:internal/main/run_main_module", 28, 49, false],
    ["JSON.parse", "<anonymous>", undefined, undefined, false],
    ["<anonymous>", "/app/plain.js", 2, 3, true],
  ]);
  assert.equal(frames[2].module, "@shop.cart.lib:index");
  assert.equal(frames[2].filename, "node_modules/@shop/cart/lib/index.js");
});

test("a deep stack keeps both ends", () => {
  const error = new Error("deep");
  error.stack = `Error: deep\n${Array.from({ length: 500 }, (_, n) => `    at f${n} (/app/x.js:${n + 1}:1)`).join("\n")}`;
  const { frames, frames_omitted } = last(chainOf(capture(error))).stacktrace;
  assert.deepEqual([frames.length, frames[0].function, last(frames).function], [100, "f499", "f0"]);
  assert.deepEqual(frames_omitted, [50, 450]);
});

test("ES modules that were compiled far away have their source", async () => {
  const file = join(temporary(), "far away.mjs");
  writeFileSync(file, "export function fail() {\n  throw new Error('far');\n}\n");
  const { fail } = await import(pathToFileURL(file).href);
  try {
    fail();
  } catch (error) {
    const frame = last(last(chainOf(capture(error))).stacktrace.frames);
    assert.deepEqual([frame.context_line, frame.pre_context, frame.post_context],
      ["  throw new Error('far');", ["export function fail() {"], ["}"]]);
    const bare = last(last(chainOf(capture(error, { includeSourceContext: false }))).stacktrace.frames);
    assert.equal(bare.context_line, undefined);
  }
});

test("causes: the oldest first, each with its parent", () => {
  const root = new Error("c", { cause: new TypeError("b", { cause: new RangeError("a") }) });
  const chain = chainOf(capture(root));
  assert.deepEqual(chain.map((error) => `${error.type}: ${error.value}`), ["RangeError: a", "TypeError: b", "Error: c"]);
  assert.deepEqual(
    chain.map(({ mechanism: { type, exception_id, parent_id, source } }) => [type, exception_id, parent_id, source]),
    [["chained", 2, 1, "cause"], ["chained", 1, 0, "cause"], ["generic", 0, undefined, undefined]],
  );
});

test("causes: any text, whatever the others hold", () => {
  const stackless = Object.assign(new TypeError("no stack"), { stack: undefined });
  const system = Object.assign(new Error("gone"), { code: "ENOENT", errno: -2 });
  for (const [value, wanted = value] of [[""], ["[1]"], ["two\nlines"], ["\u001f"], ["a\u001fb\u001f\u001f0\u001fc"], ["\ud83d", "\ufffd"], ["ü 😀"]]) {
    for (const inner of [stackless, system]) {
      const cause = new RangeError(value, { cause: inner });
      const chain = chainOf(capture(new Error(`root ${value}`, { cause })));
      assert.deepEqual(chain.map((error) => error.value), [inner.message, wanted, `root ${wanted}`]);
      assert.deepEqual(chain.map((error) => error.mechanism.parent_id), [1, 0, undefined]);
      assert.equal(chain[0].stacktrace === undefined, inner === stackless);
      assert.deepEqual(chain[0].mechanism.meta?.errno, inner === system ? { number: -2, name: "ENOENT" } : undefined);
      assert.equal(last(chain[1].stacktrace.frames).filename, last(chain[2].stacktrace.frames).filename);
      assert.equal(chain[1].stacktrace.frames.length, chain[2].stacktrace.frames.length);
    }
  }
});

test("AggregateError is a group", () => {
  const group = new AggregateError([new Error("a"), new TypeError("b", { cause: new Error("c") })], "all failed");
  const chain = chainOf(capture(group));
  const root = last(chain);
  assert.deepEqual([root.type, root.mechanism.is_exception_group, root.mechanism.exception_id], ["AggregateError", true, 0]);
  const found = new Map(chain.map((error) => [error.value, error.mechanism]));
  assert.equal(found.get("a").source, "errors[0]");
  assert.equal(found.get("b").source, "errors[1]");
  assert.equal(found.get("b").parent_id, 0);
  assert.equal(found.get("c").parent_id, found.get("b").exception_id);
  assert.deepEqual(chain.map((error) => error.mechanism.exception_id), [3, 2, 1, 0]);
});

test("cycles and long chains end", () => {
  const a = new Error("a");
  const b = new Error("b", { cause: a });
  a.cause = b;
  assert.equal(chainOf(capture(b)).length, 2);
  let deep = new Error("0");
  for (let n = 1; n < 500; n++) deep = new Error(String(n), { cause: deep });
  assert.equal(chainOf(capture(deep)).length, 50);
});

test("names: its own, else its class's", () => {
  class PaymentError extends Error {}
  class Named extends Error {
    name = "Renamed";
  }
  const typeOf = (error) => last(chainOf(capture(error))).type;
  assert.equal(typeOf(new PaymentError("x")), "PaymentError");
  assert.equal(typeOf(new Named("x")), "Renamed");
  assert.equal(typeOf(vm.runInNewContext("new TypeError('x')")), "TypeError");
  assert.equal(typeOf(Object.assign(new Error("x"), { name: 5 })), "Error");
});

test("what is no error", () => {
  const read = (thrown) => {
    const event = capture(thrown);
    const error = last(chainOf(event));
    assert.equal(error.mechanism.synthetic, true);
    assert.equal(last(error.stacktrace.frames).filename, "test/errors.test.mjs");
    return [error.type, error.value, event.extra?.thrown];
  };
  assert.deepEqual(read("out of paper"), ["Error", "out of paper", undefined]);
  assert.deepEqual(read(undefined), ["Error", "undefined", undefined]);
  assert.deepEqual(read(7), ["Error", "7", undefined]);
  assert.deepEqual(read({ b: 1, a: 2 }), ["Object", "an object was thrown, with the keys a, b", { b: 1, a: 2 }]);
  assert.deepEqual(read({ message: "m" }), ["Object", "m", { message: "m" }]);
});

test("errors of the system carry their code", async () => {
  const { readFileSync } = await import("node:fs");
  try {
    readFileSync("/no/such/file");
  } catch (error) {
    assert.deepEqual(last(chainOf(capture(error))).mechanism.meta, { errno: { number: error.errno, name: "ENOENT" } });
  }
});

test("a stack that cannot be read costs the stack, not the event", () => {
  const error = new Error("x");
  error.stack = { no: "text" };
  const [exception] = chainOf(capture(error));
  assert.deepEqual([exception.value, exception.stacktrace], ["x", undefined]);
});

test("attachStacktrace shows where a message came from", () => {
  initTesting({ dsn: "https://key@errors.example.com/42", attachStacktrace: true }, 0, 1);
  Sentry.captureMessage("here");
  const [thread] = takeRecorded()[0].items[0].payload.threads.values;
  assert.equal(last(thread.stacktrace.frames).filename, "test/errors.test.mjs");
});
