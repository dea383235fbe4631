// A server of plain Node: its requests have scopes of their own, are transactions, and continue the trace of their caller.
import { createServer, get } from "node:http";

import * as Sentry from "watchpost";

class ApiError extends Error {
  name = "ApiError";
}

const server = createServer((request, response) => {
  Sentry.setTag("route", request.url);
  Sentry.startSpan({ name: "check quota", op: "function" }, () => {
    Sentry.captureException(new ApiError("quota exceeded"));
  });
  response.statusCode = 429;
  response.end();
});

server.listen(0, "127.0.0.1", () => {
  Sentry.startSpan({ name: "client", op: "task" }, async () => {
    const url = `http://127.0.0.1:${server.address().port}/orders`;
    await new Promise((done) => get(url, (response) => response.resume().on("end", done)));
    server.close();
  });
});
