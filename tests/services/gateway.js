// The first of three services: asks the next one over `fetch`, and says in which trace it did.
"use strict";

const http = require("node:http");
const Sentry = require("../../bindings/node");

Sentry.init({ dsn: process.env.SENTRY_DSN, storageDir: process.env.WATCHPOST_STORAGE_DIR, tracesSampleRate: 1 });

const server = http.createServer(async (_request, response) => {
  const { traceId } = Sentry.getActiveSpan().spanContext();
  const answer = await fetch(process.env.WATCHPOST_NEXT);
  const text = await answer.text();
  response.writeHead(answer.status).end(`${traceId} ${text}`);
});
server.listen(0, "127.0.0.1", () => console.log(`listening ${server.address().port}`));

// Whoever started it closes its input when it is to end.
process.stdin.resume().once("end", async () => {
  server.close();
  server.closeAllConnections();
  process.exitCode = (await Sentry.flush(60_000)) ? 0 : 1;
});
