// The case that both sides are measured with: see benches/rust/case. Prints one line of JSON.
"use strict";

const fs = require("node:fs");
const { setTimeout: sleep } = require("node:timers/promises");
const delivery = require("./delivery.js");

const WARM_UP = 20;
const CRUMBS = 100;
const FORKS = 5_000;
const DEPTH = 8;

const tags = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`tag.${n}`, `value of tag ${n}`]));
const contexts = Object.fromEntries(
  ["import", "shop", "host"].map((name) => [
    name,
    Object.fromEntries(Array.from({ length: 5 }, (_, n) => [`key_${n}`, `${name} value ${n}`])),
  ]),
);
const user = { id: "42", email: "a@example.com" };

class BookingError extends Error {
  name = "BookingError";
}

async function measure(side, captures) {
  crumbs(side, 0);
  let before = await mainThread();
  fail(side, 0);
  await side.flush();
  const first = (await mainThread()) - before;
  for (let number = 1; number < WARM_UP; number++) {
    crumbs(side, number);
    fail(side, number);
    await side.flush();
  }
  let [thread, processTime, idleThread, idleProcess] = [0, 0, 0, 0];
  const [calls, adding] = [[], []];
  for (let number = WARM_UP; number < WARM_UP + captures; number++) {
    const start = process.hrtime.bigint();
    crumbs(side, number);
    adding.push(Number(process.hrtime.bigint() - start) / 1e3 / CRUMBS);
    // What looking at the clocks and the error itself cost, which nobody captures here.
    before = await mainThread();
    let all = process.cpuUsage();
    fail(nobody, number);
    let used = process.cpuUsage(all);
    idleThread += (await mainThread()) - before;
    idleProcess += used.user + used.system;
    // Deferred work on the main thread belongs to the capture, so the window ends after the delivery.
    before = await mainThread();
    all = process.cpuUsage();
    calls.push(fail(side, number));
    await side.flush();
    used = process.cpuUsage(all);
    thread += (await mainThread()) - before;
    processTime += used.user + used.system;
  }
  const start = process.hrtime.bigint();
  for (let n = 0; n < FORKS; n++) side.forkWithTag();
  const fork = Number(process.hrtime.bigint() - start) / 1e3;
  const result = {
    captures: WARM_UP + captures,
    first,
    thread: (thread - idleThread) / captures,
    process: (processTime - idleProcess) / captures,
    call: median(calls),
    breadcrumb: median(adding),
    fork: fork / FORKS,
  };
  console.log(JSON.stringify(result));
}

const nobody = { capture() {} };

function median(values) {
  return values.sort((a, b) => a - b)[values.length >> 1];
}

/** Measures captures, or what the task is about. Answers true if the program is to end by itself. */
function run(side, task, count) {
  return { undefined: measure, spans, unsampled, ...delivery({ crumbs, fail }) }[task](side, count);
}

/** The share of traces that is sent; nothing where traces have no part in the task. */
function rateOf(task) {
  return { spans: 1, unsampled: 0 }[task];
}

/** Each transaction is delivered before the next: what all threads of the process spend on one. */
async function spans(side, count) {
  for (let n = 0; n < WARM_UP; n++) {
    transaction(side);
    await side.flush();
  }
  let [thread, processTime] = [0, 0];
  for (let n = 0; n < count; n++) {
    const before = await mainThread();
    const all = process.cpuUsage();
    transaction(side);
    await side.flush();
    const used = process.cpuUsage(all);
    thread += (await mainThread()) - before;
    processTime += used.user + used.system;
  }
  console.log(JSON.stringify({ transaction: processTime / count, transaction_thread: thread / count }));
}

/** Nothing is delivered: what the main thread spends. */
async function unsampled(side, count) {
  for (let n = 0; n < 50 * WARM_UP; n++) transaction(side);
  const before = await mainThread();
  for (let n = 0; n < count; n++) transaction(side);
  console.log(JSON.stringify({ unsampled: ((await mainThread()) - before) / count }));
}

/** Ten spans, each with an operation, a name and an attribute. */
function transaction(side) {
  side.span({ op: "task", name: "import ledger" }, () => {
    for (let number = 0; number < 10; number++) {
      side.span({ op: "db.query", name: "SELECT balance FROM ledger WHERE id = $1" }, (span) => {
        span.setAttribute("rows", number);
      });
    }
  });
}

function crumbs(side, number) {
  for (let n = 0; n < CRUMBS; n++) {
    side.breadcrumb(`row ${n} of import ${number} read from the ledger`, number + n);
  }
}

/** Ten frames: this one, eight of `frame`, and `book`. Answers the microseconds of the capture call itself. */
function fail(side, number) {
  try {
    frame(number, DEPTH);
  } catch (error) {
    const start = process.hrtime.bigint();
    side.capture(error);
    return Number(process.hrtime.bigint() - start) / 1e3;
  }
}

function frame(number, depth) {
  if (depth === 1) return book(number) + 1;
  return frame(number, depth - 1) + 1;
}

function book(number) {
  try {
    return parseAmount(`${number},x5`);
  } catch (error) {
    throw new BookingError(`invoice ${number} could not be booked`, { cause: error });
  }
}

// Its message differs between captures: the official SDK drops an error whose cause is the one before.
function parseAmount(text) {
  throw new TypeError(`${text} is not a number`);
}

/** CPU microseconds of the main thread; exact only just after it has slept, so it sleeps. */
async function mainThread() {
  await sleep(1);
  const [nanoseconds] = fs.readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ");
  return Number(nanoseconds) / 1e3;
}

module.exports = { rateOf, run, tags, contexts, user };
