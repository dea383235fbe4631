// Databases that are wrapped, by the example of pg; frameworks/test has the others.
import assert from "node:assert/strict";
import { test } from "node:test";

import pg from "pg";
import * as Sentry from "watchpost";

import { postgresServer, spansOf } from "./support/databases.mjs";
import { startWeb } from "./support/serving.mjs";

test("pg, with promises, callbacks and pools", async () => {
  const server = await postgresServer();
  startWeb();
  Sentry.instrumentPg(pg);
  Sentry.instrumentPg(pg);
  const pool = new pg.Pool({ host: "127.0.0.1", port: server.address().port, user: "u", password: "p", database: "shop" });
  const { spans, crumbs } = await spansOf(async () => {
    await pool.query("SELECT * FROM orders WHERE id = $1", [7]);
    await assert.rejects(pool.query({ text: "SELECT * FROM nowhere" }));
    const client = await pool.connect();
    await new Promise((resolve) => client.query("SELECT 1", resolve));
    client.release();
  });
  await pool.end();
  server.close();
  assert.deepEqual(spans.map(({ description, status }) => [description, status]), [
    ["SELECT * FROM orders WHERE id = $1", "ok"],
    ["SELECT * FROM nowhere", "internal_error"],
    ["SELECT 1", "ok"],
  ]);
  assert.deepEqual([spans[0].data["db.system"], spans[0].data["db.name"]], ["postgresql", "shop"]);
  assert.equal(crumbs.length, 3);
});
