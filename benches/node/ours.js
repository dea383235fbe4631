// ours.js DSN CAPTURES STORAGE_DIR [TASK]: the case with Watchpost, its spool on.
"use strict";

const { rateOf, run, tags, contexts, user } = require("./case.js");
const start = require("./start.js");
const Watchpost = require("../../bindings/node"); // behind the clock

const [, , dsn, captures, storageDir, task] = process.argv;
Watchpost.init({ dsn, release: "bench@1.0.0", storageDir, tracesSampleRate: rateOf(task) });
if (task === "start") {
  start.report();
  process.exit(0);
}
Watchpost.setUser(user);
for (const [key, value] of Object.entries(tags)) Watchpost.setTag(key, value);
for (const [name, fields] of Object.entries(contexts)) Watchpost.setContext(name, fields);

const side = {
  breadcrumb: (message, row) => Watchpost.addBreadcrumb({ category: "import", message, data: { row } }),
  capture: (error) => Watchpost.captureException(error),
  flush: (timeout = 10_000) => Watchpost.flush(timeout),
  forkWithTag: () => Watchpost.withScope((scope) => scope.setTag("row", "7")),
  span: Watchpost.startSpan,
};

run(side, task, Number(captures)).then((ends) => ends || process.exit(0));
