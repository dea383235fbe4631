// Next.js: a real application, built for production and served.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { packageFolder, temporary } from "../../test/support/child.mjs";
import { openSink } from "../../test/support/sink.mjs";

const frameworks = fileURLToPath(new URL("..", import.meta.url));
const folder = join(frameworks, "next-app");
const next = join(frameworks, "node_modules/next/dist/bin/next");
let sink;
let server;
let port;

const FILES = {
  "package.json": JSON.stringify({ name: "shop", private: true }),
  "next.config.mjs": `export default {
    serverExternalPackages: ["watchpost"], turbopack: { root: ${JSON.stringify(frameworks)} }, poweredByHeader: false,
  };`,
  "instrumentation.js": `
    export async function register() {
      if (process.env.NEXT_RUNTIME === "nodejs") {
        const Sentry = await import("watchpost");
        Sentry.init({ dsn: process.env.DSN, storageDir: process.env.HOME, tracesSampleRate: 1 });
      }
    }
    export async function onRequestError(...failure) {
      if (process.env.NEXT_RUNTIME === "nodejs") (await import("watchpost")).captureRequestError(...failure);
    }`,
  "app/layout.js": "export default function Layout({ children }) { return <html><body>{children}</body></html>; }",
  "app/api/pay/[id]/route.js": `
    export async function GET(request, { params }) {
      const { id } = await params;
      if (id === "7") throw new Error("no money");
      return Response.json({ id });
    }`,
  "app/orders/[id]/page.js": `
    export const dynamic = "force-dynamic";
    export default async function Order({ params }) {
      const { id } = await params;
      if (id === "7") throw new Error("no order");
      return <p>{id}</p>;
    }`,
};

function start(...words) {
  const env = { ...process.env, DSN: sink.dsn, HOME: temporary(), NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" };
  const child = spawn(process.execPath, [next, ...words], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  const said = { text: "" };
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said.text += chunk));
  const ended = new Promise((resolve) => child.once("close", (code) => resolve(code)));
  return { child, said, ended };
}

before(async () => {
  sink = await openSink();
  rmSync(folder, { recursive: true, force: true });
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  // As npm would put it there: the bundler follows no link out of its root.
  const installed = join(folder, "node_modules/watchpost");
  const files = readdirSync(packageFolder).filter((name) => /^(package\.json|binding\.js|dist|index\..*|.*\.node)$/.test(name));
  for (const name of files) cpSync(join(packageFolder, name), join(installed, name), { recursive: true });
  const build = start("build");
  assert.equal(await build.ended, 0, build.said.text);
  server = start("start", "-p", "0", "-H", "127.0.0.1");
  for (let tries = 0; port === undefined && tries < 600; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (/Ready/.test(server.said.text)) port = /http:\/\/127\.0\.0\.1:(\d+)/.exec(server.said.text)?.[1];
  }
  assert.ok(port, server.said.text);
  // The instrumentation is loaded by the first request at the latest.
  assert.equal(await get("/api/pay/1"), 200);
}, { timeout: 600_000 });

after(async () => {
  server?.child.kill("SIGKILL");
  await server?.ended;
  await sink?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function get(path) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  await response.text();
  return response.status;
}

/** The transaction of a route with this status, once it has arrived. */
async function transactionOf(name, status) {
  for (let tries = 0; tries < 300; tries += 1) {
    const found = sink.of("transaction").find(({ transaction, contexts }) => transaction === name && contexts.trace.status === status);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no transaction ${name} ${status} among ${sink.of("transaction").map(({ transaction }) => transaction)}`);
}

for (const [what, path, route, message, type] of [
  ["a route handler", "/api/pay/7", "/api/pay/[id]", "no money", "route"],
  ["a server component", "/orders/7", "/orders/[id]", "no order", "render"],
]) {
  test(`${what} that throws is captured once, with its request and its route, in the transaction of the route`, async () => {
    const before = sink.events.length;
    assert.equal(await get(path), 500);
    await sink.arrived(before + 1);
    const transaction = await transactionOf(`GET ${route}`, "internal_error");
    const event = sink.events[before];
    const [exception] = event.exception.values;
    assert.deepEqual([exception.value, exception.mechanism.type, exception.mechanism.handled], [
      message, "auto.function.nextjs.on_request_error", false,
    ]);
    assert.equal(event.transaction, `GET ${route}`);
    assert.equal(event.request.url, `http://127.0.0.1:${port}${path}`);
    assert.deepEqual([event.contexts.nextjs.router_kind, event.contexts.nextjs.router_path, event.contexts.nextjs.route_type], [
      "App Router", route, type,
    ]);
    assert.equal(transaction.transaction_info.source, "route");
    assert.equal(event.contexts.trace.trace_id, transaction.contexts.trace.trace_id);
    assert.equal(sink.events.length, before + 1);
  });
}

test("what goes well is a transaction of its route", async () => {
  assert.deepEqual([await get("/api/pay/8"), await get("/orders/8")], [200, 200]);
  const before = sink.events.length;
  for (const name of ["GET /api/pay/[id]", "GET /orders/[id]"]) {
    const { contexts } = await transactionOf(name, "ok");
    assert.equal(contexts.trace.data["http.response.status_code"], 200);
  }
  assert.equal(sink.events.length, before);
});
