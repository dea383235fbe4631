// A server of plain Node, whose requests continue the trace of their caller.
import { createServer, get } from "node:http";

import * as Sentry from "watchpost";

class ApiError extends Error {
  name = "ApiError";
}

const server = createServer((request, response) => {
  Sentry.withIsolationScope((scope) => {
    scope.setTag("route", request.url);
    const { "sentry-trace": sentryTrace, baggage } = request.headers;
    Sentry.continueTrace({ sentryTrace, baggage }, () => {
      Sentry.startSpan({ name: `GET ${request.url}`, op: "http.server" }, (span) => {
        Sentry.captureException(new ApiError("quota exceeded"));
        span.setStatus({ code: 2, message: "resource_exhausted" });
        response.end();
      });
    });
  });
});

server.listen(0, "127.0.0.1", () => {
  Sentry.startSpan({ name: "client", op: "http.client" }, async () => {
    const url = `http://127.0.0.1:${server.address().port}/orders`;
    await new Promise((done) => get(url, { headers: Sentry.getTraceData() }, (response) => response.resume().on("end", done)));
    server.close();
  });
});
