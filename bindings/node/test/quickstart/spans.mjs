// Spans by hand, of all kinds, and a sampler.
import * as Sentry from "watchpost";

Sentry.init({
  dsn: process.env.SENTRY_DSN,
  tracesSampler: ({ name, attributes, parentSampled, inheritOrSampleWith }) => {
    if (name.includes("healthcheck")) return 0;
    if (attributes["sentry.op"] === "queue.process") return 1;
    if (typeof parentSampled === "boolean") return parentSampled;
    return inheritOrSampleWith(0);
  },
  beforeSendTransaction: (event) => {
    event.tags = { ...event.tags, seen: "yes" };
    return event;
  },
});

const result = await Sentry.startSpan({ name: "Important Job", op: "queue.process", attributes: { attempt: 1 } }, async () => {
  const child1 = Sentry.startInactiveSpan({ name: "expensive_computation", op: "task" });
  await new Promise((done) => setTimeout(done, 5));
  child1.setAttributes({ rows: 3, cached: false });
  child1.end();

  const manual = await Sentry.startSpanManual({ name: "middleware", op: "middleware" }, async (span) => {
    await null;
    span.updateName("middleware.auth");
    span.end();
    return span;
  });
  const active = Sentry.getActiveSpan();
  active?.setAttribute("user.tier", "gold");
  Sentry.setMeasurement("memoryUsed", 123, "byte");
  Sentry.withActiveSpan(manual, () => Sentry.getRootSpan(manual).setTag("checked", true));
  return Sentry.startSpan({ name: "answer", onlyIfParent: true }, () => 42);
});
Sentry.startSpan({ name: "GET /healthcheck", op: "http.server" }, () => {});
console.log(result);
