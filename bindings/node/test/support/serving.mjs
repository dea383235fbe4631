// Servers of frameworks, asked by a client that reports nothing itself.
import { once } from "node:events";
import { request } from "node:http";

import { initTesting, takeRecorded } from "watchpost/testing";

/** A client with the default integrations but those that would tell of the test itself. */
export function startWeb(options = {}) {
  const quiet = ["console", "httpClient", "fetch"];
  initTesting({ dsn: "https://key@errors.example.com/42", disabledIntegrations: quiet, ...options }, 1767323045, 1, true);
}

/** Everything recorded, by type. */
export function takeItems() {
  const items = { event: [], transaction: [], sessions: [], check_in: [], log: [] };
  for (const item of takeRecorded().flatMap((envelope) => envelope.items)) (items[item.header.type] ??= []).push(item.payload);
  return items;
}

/** Listens with a server of node:http, and asks it for each path in turn. The answers' statuses. */
export async function ask(server, paths, headers = {}) {
  if (!server.listening) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  }
  const { port } = server.address();
  const statuses = [];
  for (const path of paths) {
    const ended = new Promise((resolve) => server.once("request", (_request, response) => response.once("close", resolve)));
    const [response] = await once(request({ port, path, host: "127.0.0.1", headers, agent: false }).end(), "response");
    response.resume();
    await once(response, "end");
    await ended;
    statuses.push(response.statusCode);
  }
  return statuses;
}

/** Ends it with its connections. */
export async function stop(server) {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** What every framework owes: an error is captured once, with its request and its route, in the transaction of the route. */
export async function checkFramework(assert, server, { mechanism, route, path = "/pay/7", good = "/fine" }) {
  const before = takeItems();
  assert.deepEqual(before.event, []);
  const statuses = await ask(server, [path, good]);
  assert.deepEqual(statuses, [500, 200]);
  const { event, transaction } = takeItems();
  assert.equal(event.length, 1);
  const [error] = event;
  const [exception] = error.exception.values;
  assert.deepEqual([exception.value, exception.mechanism], ["no money", { type: mechanism, handled: false }]);
  assert.equal(error.transaction, `GET ${route}`);
  assert.match(error.request.url, new RegExp(`^http://127\\.0\\.0\\.1:\\d+${path}$`));
  assert.deepEqual(transaction.map((each) => [each.transaction, each.contexts.trace.status]), [
    [`GET ${route}`, "internal_error"],
    [`GET ${good}`, "ok"],
  ]);
  assert.equal(transaction[0].transaction_info.source, "route");
  assert.equal(error.contexts.trace.trace_id, transaction[0].contexts.trace.trace_id);
}
