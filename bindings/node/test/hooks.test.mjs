// What hooks see, what they may answer, and what setters do with odd values.
import assert from "node:assert/strict";
import { test } from "node:test";

import * as Sentry from "watchpost";
import { initTesting, takeDiscarded, takeRecorded } from "watchpost/testing";

const dsn = "https://key@errors.example.com/42";
const start = (options = {}) => initTesting({ dsn, ...options }, 1767323045, 1);
const events = () => takeRecorded().map((envelope) => envelope.items[0].payload);
const dropped = () => takeDiscarded().map(({ reason, quantity }) => `${reason} ${quantity}`);

test("the hint carries what was thrown, and what was passed", () => {
  const seen = [];
  start({ beforeSend: (event, hint) => (seen.push(hint), event) });
  const error = new Error("x");
  Sentry.captureException(error, { attempt: 3, tags: { a: "b" } });
  Sentry.captureException("text");
  Sentry.captureMessage("m");
  assert.equal(seen[0].originalException, error);
  assert.equal(seen[0].attempt, 3);
  assert.equal(seen[1].originalException, "text");
  assert.equal(seen[2].originalException, undefined);
  assert.deepEqual(events()[0].tags, { a: "b" });
});

test("processors run in order: global, isolation, current, then beforeSend", () => {
  const order = [];
  const note = (name) => (event) => (order.push(name), event);
  start({ beforeSend: note("beforeSend") });
  Sentry.getGlobalScope().addEventProcessor(note("global"));
  Sentry.getIsolationScope().addEventProcessor(note("isolation"));
  Sentry.withScope((scope) => {
    scope.addEventProcessor(note("current"));
    Sentry.captureMessage("m");
  });
  assert.deepEqual(order, ["global", "isolation", "current", "beforeSend"]);
});

test("a hook that throws, or answers with something odd, drops the event and is counted", () => {
  const odd = {
    throws: () => {
      throw new Error("no");
    },
    nothing: () => undefined,
    number: () => 42,
    list: () => [1],
    shape: () => ({ exception: 42 }),
    trap: () => ({
      get then() {
        throw new Error("trap");
      },
    }),
  };
  start({ beforeSend: (event) => odd[event.message]() });
  for (const name of Object.keys(odd)) assert.equal(Sentry.captureMessage(name), undefined, name);
  assert.deepEqual(events(), []);
  assert.deepEqual(dropped(), [`before_send ${Object.keys(odd).length}`]);
});

test("a promise is waited for; its rejection and its null are counted", async () => {
  start({ beforeSend: async (event) => (event.message === "keep" ? { ...event, level: "fatal" } : null) });
  const id = Sentry.captureMessage("keep");
  assert.match(id, /^[0-9a-f]{32}$/);
  Sentry.captureMessage("drop");
  assert.equal(await Sentry.flush(1000), true);
  const [event, ...others] = events();
  assert.deepEqual([event.event_id, event.level, others.length], [id, "fatal", 0]);
  assert.deepEqual(dropped(), ["before_send 1"]);
});

test("nothing throws into the application", () => {
  start();
  const cycle = { name: "cycle" };
  cycle.self = cycle;
  const hostile = new Proxy({}, { get() { throw new Error("no"); }, ownKeys() { throw new Error("no"); } });
  const values = [undefined, null, 0, NaN, 10n, Symbol("s"), () => {}, "\ud800", [], cycle, hostile, new Map([[1, 2]]), new Date(NaN)];
  for (const value of values) {
    Sentry.setTag("t", value);
    Sentry.setTag(value, "t");
    Sentry.setTags(value);
    Sentry.setExtra("e", value);
    Sentry.setContext("c", value);
    Sentry.setUser(value);
    Sentry.setFingerprint(value);
    Sentry.setTransactionName(value);
    Sentry.setLevel(value);
    Sentry.addBreadcrumb(value);
    Sentry.addBreadcrumb({ message: value, category: value, level: value, type: value, timestamp: value, data: value });
    Sentry.addBreadcrumb({ data: { value } });
    Sentry.captureException(value);
    Sentry.captureException(new Error("x", { cause: value }), value);
    Sentry.captureMessage(value, value);
    Sentry.captureEvent(value, value);
    Sentry.getCurrentScope().addEventProcessor(value);
    Sentry.withScope((scope) => scope.clear());
  }
  assert.ok(events().length >= values.length);
});

test("what the callback throws is the application's", () => {
  start();
  assert.throws(() => Sentry.withScope(() => { throw new RangeError("mine"); }), RangeError);
  assert.throws(() => Sentry.withIsolationScope(() => { throw new RangeError("mine"); }), RangeError);
});

test("work that runs at the same time keeps its scopes apart", async () => {
  start();
  const pause = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
  const work = (n) =>
    Sentry.withIsolationScope(async () => {
      Sentry.setTag("job", n);
      Sentry.addBreadcrumb({ message: `started ${n}` });
      await pause();
      await Sentry.withScope(async (scope) => {
        scope.setExtra("step", n);
        await pause();
        Sentry.captureMessage(`job ${n}`);
      });
      return Sentry.lastEventId();
    });
  Sentry.setTag("job", "none");
  const ids = await Promise.all(Array.from({ length: 50 }, (_, n) => work(n)));
  Sentry.captureMessage("outside");
  const all = events();
  assert.equal(all.length, 51);
  for (const event of all.slice(0, 50)) {
    const n = Number(event.logentry.formatted.slice(4));
    assert.equal(event.tags.job, String(n));
    assert.equal(event.extra.step, n);
    assert.deepEqual(event.breadcrumbs.values.map((crumb) => crumb.message), [`started ${n}`]);
    assert.equal(event.event_id, ids[n]);
  }
  assert.equal(all[50].tags.job, "none");
  assert.equal(new Set(all.map((event) => event.contexts.trace.trace_id)).size, 51);
});

test("a fork sees what was set before it, and nothing of what came after", () => {
  start();
  for (let n = 0; n < 200; n++) Sentry.getCurrentScope().setTag(`t${n % 5}`, n);
  Sentry.withScope((inner) => {
    inner.setTag("own", "1");
    Sentry.withScope((innermost) => {
      inner.setTag("late", "1");
      innermost.setTag("t0", "inner");
      Sentry.captureMessage("m");
    });
  });
  assert.deepEqual(events()[0].tags, { own: "1", t0: "inner", t1: "196", t2: "197", t3: "198", t4: "199" });
});

test("beforeSend finds breadcrumbs in a list, and may answer with another one", () => {
  const seen = [];
  start({
    beforeSend: (event) => {
      seen.push(event.breadcrumbs?.map((crumb) => crumb.message));
      return { ...event, breadcrumbs: event.breadcrumbs?.filter((crumb) => crumb.message !== "noise") };
    },
  });
  Sentry.captureMessage("none yet");
  for (const message of ["paid", "noise"]) Sentry.addBreadcrumb({ message });
  Sentry.captureMessage("two");
  assert.deepEqual(seen, [undefined, ["paid", "noise"]]);
  assert.deepEqual(events().map((event) => event.breadcrumbs?.values.map((crumb) => crumb.message)), [undefined, ["paid"]]);
});
