// Loaded before everything else, as the SDK asks for.
const Sentry = require("@sentry/node");

Sentry.init({
  dsn: process.env.SENTRY_DSN,
  debug: true,
  tracesSampleRate: 1.0,
  enableLogs: true,
  sendDefaultPii: true,
  traceLifecycle: process.env.TRACE_LIFECYCLE ?? "stream",
});

module.exports = Sentry;
