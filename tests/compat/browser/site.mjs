import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { bodyOf } from "./door.mjs";

/**
 * The shop's own site on a free port: its pages, its small API, and a tunnel that passes envelopes on to the server
 * that their DSN names.
 */
export async function serve(dist, options) {
  let tunnelled = 0;
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://site");
    const say = (status, type, body) => response.writeHead(status, { "content-type": type }).end(body);
    try {
      if (pathname === "/tunnel") {
        tunnelled += 1;
        const status = await pass(await bodyOf(request), request.headers, options.dsn);
        say(status, "text/plain", "");
      } else if (pathname.startsWith("/static/")) {
        say(200, "text/javascript", await readFile(join(dist, pathname.slice("/static/".length))));
      } else if (pathname === "/api/stock") {
        say(409, "application/json", "{}");
      } else if (pathname.startsWith("/api/")) {
        say(200, "application/json", "{}");
      } else if (pathname === "/favicon.ico") {
        say(204, "text/plain", "");
      } else {
        say(200, "text/html; charset=utf-8", page(pathname, options));
      }
    } catch (error) {
      say(500, "text/plain", `${error}`);
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${server.address().port}`, tunnelled: () => tunnelled, close: () => server.close() };
}

/** As the SDK's documentation describes a tunnel: the header's DSN says where to, and nothing else is touched. */
async function pass(envelope, headers, dsn) {
  const header = JSON.parse(envelope.subarray(0, envelope.indexOf(10)).toString());
  if (header.dsn !== dsn) return 400;
  const { origin, pathname } = new URL(dsn);
  const answer = await fetch(`${origin}/api${pathname}/envelope/`, {
    method: "POST",
    body: envelope,
    headers: { "content-type": "application/x-sentry-envelope", "x-forwarded-for": "203.0.113.9", "user-agent": headers["user-agent"] },
  });
  return answer.status;
}

function page(pathname, { dsn, release, environment }) {
  const react = pathname === "/catalogue" || pathname.startsWith("/products/");
  const options = { dsn, release, environment };
  if (react) options.tunnel = "/tunnel";
  // A header of the page's own makes the browser ask first.
  if (pathname === "/proxied") options.transportOptions = { headers: { "X-Requested-With": "shop" } };
  const buttons = ["pay", "reserve", "charge", "checkout"].map((id) => `<button id="${id}">${id}</button>`).join("");
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Shop</title>
<body>${react ? '<div id="root"></div>' : `<h1>Cart with a secret word</h1>${buttons}`}
<script>window.options = ${JSON.stringify(options)};</script>
<script src="/static/${react ? "catalogue" : "shop"}.js"></script></body></html>`;
}
