// A server that takes envelopes and remembers them.
import { createServer } from "node:http";
import { gunzipSync } from "node:zlib";

/** Listens on a port of its own, or on `port`. */
export async function openSink(port = 0) {
  const events = [];
  const items = [];
  const encodings = new Set();
  const waiting = new Set();
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const encoding = request.headers["content-encoding"];
      const body = Buffer.concat(chunks);
      const all = readItems(encoding === "gzip" ? gunzipSync(body) : body);
      items.push(...all);
      const arrived = all.filter(({ type }) => type === "event").map(({ payload }) => payload);
      // What is too small to be worth it, like a session, is not compressed.
      if (arrived.length > 0) encodings.add(encoding);
      events.push(...arrived);
      response.setHeader("content-type", "application/json").end("{}");
      for (const check of waiting) check();
    });
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address();
  return {
    events,
    /** Everything that arrived, as `{ type, header, payload }`. */
    items,
    /** The payloads of the items of one type. */
    of: (type) => items.filter((item) => item.type === type).map((item) => item.payload),
    encodings,
    port: address.port,
    dsn: `http://key@127.0.0.1:${address.port}/42`,
    /** Waits until `count` events have arrived. */
    arrived: (count, limit = 15_000) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`${events.length} of ${count} events arrived`)), limit);
        const check = () => {
          if (events.length < count) return;
          clearTimeout(timer);
          waiting.delete(check);
          resolve(events);
        };
        waiting.add(check);
        check();
      }),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

function readItems(bytes) {
  const items = [];
  let at = bytes.indexOf(10) + 1;
  while (at < bytes.length) {
    const end = bytes.indexOf(10, at);
    const header = JSON.parse(bytes.subarray(at, end).toString());
    const from = end + 1;
    const text = bytes.subarray(from, from + header.length).toString();
    items.push({ type: header.type, header, payload: header.type === "attachment" ? text : JSON.parse(text) });
    at = from + header.length + 1;
  }
  return items;
}
