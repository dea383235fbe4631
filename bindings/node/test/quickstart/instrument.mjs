// The same file for modules: `node --import ./instrument.mjs app.mjs`.
import * as Sentry from "watchpost";

Sentry.init({
  dsn: process.env.SENTRY_DSN,
  tracesSampleRate: 1.0,
  beforeSend(event, hint) {
    if (hint.originalException?.name === "ApiError") event.fingerprint = ["api-v1", "{{ default }}"];
    return event;
  },
});
