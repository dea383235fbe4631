// peer.js DSN CAPTURES [STORAGE_DIR [TASK]]: the case with the official SDK.
"use strict";

const { rateOf, run, tags, contexts, user } = require("./case.js");
const start = require("./start.js");
const Sentry = require("@sentry/node"); // behind the clock

const [, , dsn, captures, , task] = process.argv;
Sentry.init({ dsn, release: "bench@1.0.0", tracesSampleRate: rateOf(task) });
if (task === "start") {
  start.report();
  process.exit(0);
}
Sentry.setUser(user);
Sentry.setTags(tags);
for (const [name, fields] of Object.entries(contexts)) Sentry.setContext(name, fields);

const side = {
  breadcrumb: (message, row) => Sentry.addBreadcrumb({ category: "import", message, data: { row } }),
  capture: (error) => Sentry.captureException(error),
  flush: (timeout = 10_000) => Sentry.flush(timeout),
  forkWithTag: () => Sentry.withScope((scope) => scope.setTag("row", "7")),
  span: Sentry.startSpan,
};

run(side, task, Number(captures)).then((ends) => ends || process.exit(0));
