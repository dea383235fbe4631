// Breadcrumbs wait on this side until an event needs them: nobody may notice.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { beforeEach, test } from "node:test";

import * as Sentry from "watchpost";
import { advanceClock, initTesting, takeRecorded } from "watchpost/testing";

const NOW = 1767323045;

beforeEach(() => initTesting({ dsn: "https://key@errors.example.com/42" }, NOW, 1));

/** Those of an error, for which they are written as they are held, and of a message, for which they are handed over first. */
function crumbs() {
  takeRecorded();
  Sentry.captureException(new Error("now"));
  Sentry.captureMessage("now");
  const [ofError, ofMessage] = takeRecorded().map(({ items }) => items[0].payload.breadcrumbs?.values ?? []);
  assert.deepEqual(ofError, ofMessage);
  return ofError;
}

const messages = () => crumbs().map((crumb) => crumb.message);

test("every field comes through, in its own type", () => {
  const data = { text: "ä€😀\u2028\"\\\n", empty: "", whole: 42, less: -7, part: 0.1, huge: 1e300, yes: true, no: false };
  const crumb = { type: "http", category: "c", message: "m", level: "warning", origin: "auto.http.x", data };
  Sentry.addBreadcrumb(crumb);
  assert.deepEqual(crumbs(), [{ timestamp: NOW, ...crumb }]);
});

test("numbers of any size, texts of any length, whatever stands beside them", () => {
  const numbers = [0, -0, 7, -7, 123456789012345, 1234567890123456, Number.MAX_SAFE_INTEGER, 2 ** 60, 1e21, 1e-7, -0.5];
  const added = [];
  for (let length = 0; length < 70; length++) {
    // Neighbours of the separator, and what shares bits with it.
    const message = Array.from({ length }, (_, n) => ["x", "\u001e", "\u009f", " ", "ä"][n % 5]).join("");
    added.push({ message, data: { number: numbers[length % numbers.length], text: `:${message}` } });
  }
  added.forEach((crumb) => Sentry.addBreadcrumb(crumb));
  const found = crumbs().map(({ message, data }) => ({ message, data }));
  assert.deepEqual(JSON.stringify(found), JSON.stringify(added));
});

test("what is no trail is refused as a whole", () => {
  const { NativeScope, addTrail } = createRequire(import.meta.url)("../binding.js");
  const refused = (text, fields) => !addTrail(Sentry.getClient().native, new NativeScope(), text, fields, 0);
  const good = "4\u001f5\u001fm";
  assert.ok(!refused(good, 3));
  for (const fields of [0, 2, 4, 2 ** 32 - 1]) assert.ok(refused(good, fields));
  const bad = ["", "4", "x\u001f5", "4\u001f5", "4\u001fx\u001fm", "64\u001f5\u001fk", "64\u001f5\u001fk\u001f1e"];
  for (const text of bad) assert.ok(refused(text, text.split("\u001f").length), JSON.stringify(text));
});

test("nothing but a message, nothing at all, a time of its own", () => {
  Sentry.addBreadcrumb({ message: "" });
  Sentry.addBreadcrumb({});
  Sentry.addBreadcrumb({ timestamp: 1.5, data: {} });
  assert.deepEqual(crumbs(), [{ timestamp: NOW, message: "" }, { timestamp: NOW }, { timestamp: 1.5 }]);
});

test("a breadcrumb is what it was when it was added, at that time", () => {
  const crumb = { message: "before", data: { n: 1 } };
  Sentry.addBreadcrumb(crumb);
  advanceClock(60);
  crumb.message = "after";
  crumb.data.n = 2;
  assert.deepEqual(crumbs(), [{ timestamp: NOW, message: "before", data: { n: 1 } }]);
});

test("what is not small and plain keeps its place among the others", () => {
  const cycle = {};
  cycle.self = cycle;
  const odd = [
    { message: "nested", data: { list: [1, { two: 2 }] } },
    { message: "separator \u001f inside" },
    { message: "in the data", data: { "key\u001f": "value\u001f" } },
    { message: "long", data: { text: "x".repeat(5_000) } },
    { message: "many", data: Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`key${n}`, n])) },
    { message: "cycle", data: cycle },
    { message: "no number", data: { value: Number.NaN } },
    { message: "a class", data: new (class Own { value = 1; })() },
    { message: "a date", timestamp: new Date(1500) },
    { message: "a getter", data: { get broken() { throw new Error("no"); } } },
    { message: "null", category: null, data: null },
  ];
  for (const [n, crumb] of odd.entries()) {
    Sentry.addBreadcrumb({ message: `plain ${n}` });
    Sentry.addBreadcrumb(crumb);
  }
  const found = crumbs();
  const refused = new Set(["a getter"]);
  const expected = odd.flatMap((crumb, n) => [`plain ${n}`, ...(refused.has(crumb.message) ? [] : [crumb.message])]);
  assert.deepEqual(found.map((crumb) => crumb.message), expected);
  const data = (message) => found.find((crumb) => crumb.message === message).data;
  assert.deepEqual(data("nested"), { list: [1, { two: 2 }] });
  assert.deepEqual(data("in the data"), { "key\u001f": "value\u001f" });
  assert.equal(data("long").text.length, 5_000);
  assert.equal(Object.keys(data("many")).length, 40);
});

test("the newest hundred stay, however often events take them along", () => {
  for (let n = 0; n < 250; n++) {
    Sentry.addBreadcrumb({ message: String(n) });
    if (n % 37 === 0) assert.equal(messages().at(-1), String(n));
  }
  assert.deepEqual(messages(), Array.from({ length: 100 }, (_, n) => String(150 + n)));
});

test("as many stay as the options say", () => {
  for (const most of [0, 1, 3, 250]) {
    initTesting({ dsn: "https://key@errors.example.com/42", maxBreadcrumbs: most }, NOW, 1);
    for (const added of [2, 7, 300, 1]) {
      const before = messages();
      const fresh = Array.from({ length: added }, (_, n) => `${added}:${n}`);
      for (const message of fresh) Sentry.addBreadcrumb({ message });
      assert.deepEqual(messages(), most === 0 ? [] : [...before, ...fresh].slice(-most));
    }
  }
});

test("long ones do not pile up, and none is lost", () => {
  const text = (n) => `${n} ${"x".repeat(2_000)}`;
  for (let n = 0; n < 90; n++) Sentry.addBreadcrumb({ message: text(n) });
  assert.deepEqual(messages(), Array.from({ length: 90 }, (_, n) => text(n)));
});

test("a fork starts with what its origin holds, and both go on alone", () => {
  Sentry.withScope((outer) => {
    outer.addBreadcrumb({ message: "outer" });
    Sentry.withScope((inner) => {
      inner.addBreadcrumb({ message: "inner" });
      assert.deepEqual(messages(), ["outer", "inner"]);
    });
    outer.addBreadcrumb({ message: "later" });
    assert.deepEqual(messages(), ["outer", "later"]);
    Sentry.withScope(() => assert.deepEqual(messages(), ["outer", "later"]));
    outer.clearBreadcrumbs();
    outer.addBreadcrumb({ message: "again" });
    assert.deepEqual(messages(), ["again"]);
    outer.clear();
    assert.deepEqual(messages(), []);
  });
});

test("breadcrumbs of all scopes follow one another", () => {
  Sentry.getGlobalScope().addBreadcrumb({ message: "global" });
  Sentry.addBreadcrumb({ message: "isolation" });
  Sentry.getCurrentScope().addBreadcrumb({ message: "current" });
  assert.deepEqual(messages(), ["global", "isolation", "current"]);
});

test("one that a hook adds is refused, and one of a closed client lost", async () => {
  const beforeSend = (event) => {
    Sentry.addBreadcrumb({ message: "inside" });
    return event;
  };
  initTesting({ dsn: "https://key@errors.example.com/42", beforeSend }, NOW, 1);
  Sentry.addBreadcrumb({ message: "outside" });
  assert.deepEqual(messages(), ["outside"]);
  assert.deepEqual(messages(), ["outside"]);
  await Sentry.close();
  Sentry.addBreadcrumb({ message: "closed" });
  initTesting({ dsn: "https://key@errors.example.com/42" }, NOW, 1);
  assert.deepEqual(messages(), []);
});

test("without consent none is kept", () => {
  initTesting({ dsn: "https://key@errors.example.com/42", requireConsent: true }, NOW, 1);
  Sentry.addBreadcrumb({ message: "too early" });
  Sentry.setConsent(true);
  Sentry.addBreadcrumb({ message: "agreed" });
  assert.deepEqual(messages(), ["agreed"]);
  Sentry.setConsent(false);
  Sentry.addBreadcrumb({ message: "no more" });
  Sentry.setConsent(true);
  assert.deepEqual(messages(), ["agreed"]);
});
