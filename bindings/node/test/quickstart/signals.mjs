// Logs, metrics, monitors, feedback, flags.
import * as Sentry from "watchpost";

const flags = Sentry.featureFlagsIntegration();
Sentry.init({
  dsn: process.env.SENTRY_DSN,
  enableLogs: true,
  integrations: [flags],
  beforeSendLog: (log) => (log.level === "debug" ? null : log),
});

Sentry.logger.info("User triggered test log", { action: "test_log" });
Sentry.logger.debug(Sentry.logger.fmt`Cache miss for user: ${123}`);
Sentry.logger.error(Sentry.logger.fmt`Uh oh, something broke, here's the error: ${"timeout"}`);

Sentry.metrics.count("button_click", 1, { attributes: { browser: "Firefox", app_version: "1.0.0" } });
Sentry.metrics.distribution("page_load", 15.0, { unit: "millisecond" });
Sentry.metrics.gauge("queue_depth", 7);

await Sentry.withMonitor("nightly-import", async () => "done", {
  schedule: { type: "crontab", value: "0 3 * * *" },
  checkinMargin: 2,
  maxRuntime: 10,
  timezone: "America/Los_Angeles",
});
const checkInId = Sentry.captureCheckIn({ monitorSlug: "hourly", status: "in_progress" });
Sentry.captureCheckIn({ checkInId, monitorSlug: "hourly", status: "error", duration: 1.5 });

flags.addFeatureFlag("test-flag", false);
Sentry.captureException(new Error("Something went wrong!"));
Sentry.captureFeedback(
  { name: "John Doe", email: "john@doe.com", message: "I really like your App, thanks!", associatedEventId: Sentry.lastEventId() },
  { attachments: [{ filename: "screen.png", data: new Uint8Array([137, 80]) }] },
);
await Sentry.close(2000);
