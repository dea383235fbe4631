"use strict";
// The file that a program loads before everything else.
const Sentry = require("watchpost");

Sentry.init({
  dsn: process.env.SENTRY_DSN,
  environment: process.env.NODE_ENV,
  release: "gateway@" + process.env.SHA,
  sendDefaultPii: true,
  tracesSampleRate: 1.0,
  enableLogs: true,
});
