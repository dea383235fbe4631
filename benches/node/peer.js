// peer.js DSN CAPTURES: the case with the official SDK.
"use strict";

const Sentry = require("@sentry/node");
const { measure, tags, contexts, user } = require("./case.js");

const [, , dsn, captures] = process.argv;
Sentry.init({ dsn, release: "bench@1.0.0" });
Sentry.setUser(user);
Sentry.setTags(tags);
for (const [name, fields] of Object.entries(contexts)) Sentry.setContext(name, fields);

const side = {
  breadcrumb: (message, row) => Sentry.addBreadcrumb({ category: "import", message, data: { row } }),
  capture: (error) => Sentry.captureException(error),
  flush: () => Sentry.flush(10_000),
  forkWithTag: () => Sentry.withScope((scope) => scope.setTag("row", "7")),
};

measure(side, Number(captures)).then(() => process.exit(0));
