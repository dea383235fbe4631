import { createServer } from "node:http";
import { itemsOf } from "./envelope.mjs";

/**
 * The server's own door on another port: every request is passed on and every answer passed back, as they are. What
 * went through is told to `seen`: no browser tells everything that a page sends while it is being left.
 */
export async function door(dsn, seen) {
  const to = new URL(dsn);
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    const { host, connection, ...headers } = request.headers;
    const bare = request.method === "OPTIONS" || request.method === "GET";
    const answer = await fetch(to.origin + request.url, { method: request.method, headers, body: bare ? undefined : body });
    if (request.method === "OPTIONS") seen().preflights += 1;
    else {
      seen().items.push(...itemsOf(body));
      seen().statuses.push(answer.status);
    }
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const own = new URL(dsn);
  own.port = server.address().port;
  return { dsn: own.href, close: () => server.close() };
}

export async function bodyOf(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces);
}
