// Nobody catches it.
import * as Sentry from "watchpost";

Sentry.init({ dsn: process.env.SENTRY_DSN });
setTimeout(() => {
  throw new Error("nobody caught it");
}, 1);
