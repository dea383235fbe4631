// A shop with OpenTelemetry's own SDK; where to send to, how, and as what, is in the environment.
const { SpanKind, SpanStatusCode, SeverityNumber, logs, metrics, trace } = require("@opentelemetry/api");
const { NodeSDK } = require("@opentelemetry/sdk-node");

const sdk = new NodeSDK();
sdk.start();
const tracer = trace.getTracer("shop");
const logger = logs.getLogger("shop");
const meter = metrics.getMeter("shop");

function charge(cart, amount) {
  return BigInt(amount);
}

const attributes = { "http.request.method": "POST", "http.route": "/carts/:cart/pay", tenant: "acme" };
tracer.startActiveSpan("POST /carts/:cart/pay", { kind: SpanKind.SERVER, attributes }, (root) => {
  console.log(`trace: ${root.spanContext().traceId}`);
  const query = { kind: SpanKind.CLIENT, attributes: { "db.system.name": "postgresql", "db.rows": 120 } };
  tracer.startActiveSpan("SELECT balance", query, (span) => {
    logger.emit({
      severityNumber: SeverityNumber.WARN,
      severityText: "WARN",
      body: "stock of A-1 is 2",
      attributes: { "cart.items": 3 },
    });
    span.end();
  });
  try {
    charge(7, "12,90");
  } catch (error) {
    root.recordException(error);
    root.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  }
  root.end();
});

meter.createCounter("checkouts").add(1, { tenant: "acme" });
meter.createHistogram("checkout.time", { unit: "ms" }).record(12.5);
meter.createUpDownCounter("queue.depth").add(4);
sdk.shutdown();
