// Servers that know just enough of a database's protocol, and what is told of queries.
import { once } from "node:events";
import { createServer } from "node:net";

import * as Sentry from "watchpost";

import { startWeb, takeItems } from "./serving.mjs";

/** Runs `use` in a transaction; its spans without their ids and times, and the messages of the breadcrumbs. */
export async function spansOf(use) {
  startWeb({ tracesSampleRate: 1 });
  await Sentry.startSpan({ name: "job", op: "task" }, use);
  Sentry.captureMessage("end");
  const { transaction, event } = takeItems();
  const spans = transaction[0].spans.map(({ op, description, status, data }) => ({ op, description, status, data }));
  return { spans, crumbs: (event[0].breadcrumbs?.values ?? []).map((crumb) => crumb.message) };
}

/** A server on a port of its own. */
export async function listening(onSocket) {
  const server = createServer(onSocket);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

/** Lets everybody in, and answers each query with no rows, or with an error where it names `nowhere`. */
export function postgresServer() {
  const message = (kind, body) => {
    const bytes = Buffer.from(body, "latin1");
    const head = Buffer.alloc(5);
    head.write(kind, 0, "latin1");
    head.writeInt32BE(bytes.length + 4, 1);
    return Buffer.concat([head, bytes]);
  };
  const ready = message("Z", "I");
  return listening((socket) => {
    let begun = false;
    let failed = false;
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      if (!begun) {
        begun = true;
        return socket.write(Buffer.concat([message("R", "\0\0\0\0"), ready]));
      }
      for (let at = 0; at < chunk.length; ) {
        const kind = String.fromCharCode(chunk[at]);
        const length = chunk.readInt32BE(at + 1);
        const body = chunk.toString("latin1", at + 5, at + 1 + length);
        at += 1 + length;
        if (kind === "Q" || kind === "P") failed = body.includes("nowhere");
        const error = message("E", "SERROR\0C42P01\0Mno such table\0\0");
        if (kind === "Q") socket.write(Buffer.concat([failed ? error : message("C", "SELECT 0\0"), ready]));
        else if (kind === "P") socket.write(failed ? error : message("1", ""));
        else if (kind === "S") socket.write(ready);
        else if (!failed && kind === "B") socket.write(message("2", ""));
        else if (!failed && kind === "D") socket.write(message("n", ""));
        else if (!failed && kind === "E") socket.write(message("C", "SELECT 0\0"));
      }
    });
  });
}
