// A job that does everything a program without a framework can report.
const Sentry = require("./instrument");
const { setTimeout: pause } = require("node:timers/promises");

class ChargeError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = "ChargeError";
  }
}

function parse(amount) {
  return BigInt(amount);
}

function charge(cart, amount) {
  try {
    return parse(amount);
  } catch (error) {
    throw new ChargeError(`cart ${cart} cannot be charged`, { cause: error });
  }
}

async function errors() {
  Sentry.setTag("tenant", "acme");
  Sentry.setContext("cart", { items: 3 });
  Sentry.addBreadcrumb({ category: "cart", message: "item added", data: { sku: "A-1" } });
  const ids = [];
  for (const id of ["42", "43"]) {
    Sentry.setUser({ id, email: `u${id}@shop.test` });
    try {
      charge(7, "12,90");
    } catch (error) {
      Sentry.withScope((scope) => {
        scope.addAttachment({ filename: "cart.csv", data: "sku;count\nA-1;3\n", contentType: "text/csv" });
        ids.push(Sentry.captureException(error));
      });
    }
    // The SDK leaves out what is the same as the event before.
    Sentry.captureMessage("stock is low", "warning");
  }
  console.log(`error: ${ids[0]}`);
  const feedback = Sentry.captureFeedback({
    message: "I was charged twice",
    name: "Ada",
    email: "ada@shop.test",
    associatedEventId: ids[0],
  });
  console.log(`feedback: ${feedback}`);
}

async function jobs() {
  const schedule = { schedule: { type: "crontab", value: "0 3 * * *" }, timezone: "Europe/Vienna" };
  await Sentry.withMonitor("nightly", () => pause(10), schedule);
  await Sentry.withMonitor("weekly", () => Promise.reject(new Error("no data"))).catch(() => {});
}

async function traced() {
  await Sentry.startSpan({ name: "import ledger", op: "task", attributes: { tenant: "acme" } }, async (root) => {
    console.log(`trace: ${root.spanContext().traceId}`);
    await Sentry.startSpan(
      { name: "SELECT balance FROM ledger", op: "db.query", attributes: { "db.system": "postgresql", "db.rows": 120 } },
      () => pause(20),
    );
    console.log(`in trace: ${Sentry.captureMessage("ledger imported")}`);
  });
}

function telemetry() {
  Sentry.logger.warn(Sentry.logger.fmt`stock of ${"A-1"} is ${2}`);
  Sentry.logger.info("checkout finished", { "cart.items": 3, paid: true });
  Sentry.metrics.count("checkouts", 1, { attributes: { tenant: "acme" } });
  Sentry.metrics.distribution("checkout.time", 12.5, { unit: "millisecond" });
  Sentry.metrics.gauge("queue.depth", 4);
}

async function main() {
  await errors();
  await jobs();
  await traced();
  telemetry();
  await Sentry.close(20_000);
}

main();
