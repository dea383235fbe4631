// Breadcrumbs wait on this side until an event needs them: nobody may notice.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import * as Sentry from "watchpost";
import { advanceClock, initTesting, takeRecorded } from "watchpost/testing";

const NOW = 1767323045;

beforeEach(() => initTesting({ dsn: "https://key@errors.example.com/42" }, NOW, 1));

function crumbs() {
  takeRecorded();
  Sentry.captureMessage("now");
  return takeRecorded()[0].items[0].payload.breadcrumbs?.values ?? [];
}

const messages = () => crumbs().map((crumb) => crumb.message);

test("every field comes through, in its own type", () => {
  const data = { text: "ä€😀\u2028\"\\\n", empty: "", whole: 42, less: -7, part: 0.1, huge: 1e300, yes: true, no: false };
  const crumb = { type: "http", category: "c", message: "m", level: "warning", origin: "auto.http.x", data };
  Sentry.addBreadcrumb(crumb);
  assert.deepEqual(crumbs(), [{ timestamp: NOW, ...crumb }]);
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
