// Clients of databases that are wrapped, by what they promise: Prisma by its extensions, mongodb by its events, pg by its name.
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import * as Sentry from "watchpost";

import { program, run } from "./support/child.mjs";
import { postgresServer, spansOf } from "./support/databases.mjs";
import { openSink } from "./support/sink.mjs";
import { startWeb } from "./support/serving.mjs";

/** A client as Prisma's documentation has it: `$extends` answers with another client, all of whose operations go by the extension. */
function prismaClient(answer) {
  const client = (around) => {
    const operation = (model, name) => (args) => around({ model, operation: name, args, query: async (given) => answer(name, given) });
    return {
      order: { findMany: operation("Order", "findMany"), create: operation("Order", "create") },
      $queryRaw: operation(undefined, "$queryRaw"),
      $extends: (extension) => {
        assert.equal(typeof extension.name, "string");
        return client(extension.query.$allOperations);
      },
    };
  };
  return client(({ args, query }) => query(args));
}

test("operations of Prisma are spans, with their answers and errors as they were", async () => {
  startWeb();
  const prisma = Sentry.instrumentPrisma(
    prismaClient((name, args) => {
      if (name === "create") throw new Error("no such column");
      return { name, args };
    }),
  );
  const where = { where: { card: "4111" } };
  assert.deepEqual(await prisma.order.findMany(where), { name: "findMany", args: where });
  const { spans } = await spansOf(async () => {
    assert.deepEqual(await prisma.order.findMany(where), { name: "findMany", args: where });
    await assert.rejects(prisma.order.create({ data: {} }), /no such column/);
    await prisma.$queryRaw("SELECT 1");
  });
  assert.deepEqual(spans.map(({ op, description, status }) => [op, description, status]), [
    ["db.prisma", "Order.findMany", undefined],
    ["db.prisma", "Order.create", "internal_error"],
    ["db.prisma", "$queryRaw", undefined],
  ]);
  assert.ok(!JSON.stringify(spans).includes("4111"));
});

test("commands of mongodb are spans", async () => {
  startWeb();
  const client = Sentry.instrumentMongo(new EventEmitter());
  const { spans } = await spansOf(() => {
    client.emit("commandStarted", { requestId: 1, commandName: "find", databaseName: "shop", command: { find: "orders" } });
    client.emit("commandSucceeded", { requestId: 1, commandName: "find" });
  });
  assert.deepEqual(spans.map(({ description, status }) => [description, status]), [["find shop.orders", "ok"]]);
});

test("postgresIntegration finds the pg of the program", async () => {
  const sink = await openSink();
  const server = await postgresServer();
  const file = program(`
    const Sentry = require("PACKAGE");
    Sentry.init({ dsn: process.env.DSN, storageDir: process.env.HOME, tracesSampleRate: 1, integrations: [Sentry.postgresIntegration()] });
    const { Client } = require("pg");
    const client = new Client({ host: "127.0.0.1", port: ${server.address().port}, user: "u", password: "p", database: "shop" });
    (async () => {
      await client.connect();
      await Sentry.startSpan({ name: "job" }, () => client.query("SELECT 1"));
      await client.end();
      await Sentry.close();
    })();
  `);
  symlinkSync(fileURLToPath(new URL("../node_modules", import.meta.url)), join(dirname(file), "node_modules"));
  const { code, stderr } = await run(file, { DSN: sink.dsn });
  server.close();
  await sink.close();
  assert.equal(code, 0, stderr);
  assert.deepEqual(sink.of("transaction")[0].spans.map(({ description, origin }) => [description, origin]), [["SELECT 1", "auto.db.pg"]]);
});

test("postgresIntegration without a pg says so and costs nothing else", async () => {
  const file = program(`
    const Sentry = require("PACKAGE");
    Sentry.init({ dsn: "http://key@127.0.0.1:9/1", spool: false, shutdownTimeout: 0, debug: true, integrations: [Sentry.postgresIntegration()] });
  `);
  const { code, stderr } = await run(file);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /the integration Postgres could not be set up: .*pg/);
});
