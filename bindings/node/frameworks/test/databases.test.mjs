// Databases: the real libraries, against servers that know just enough of the protocols.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";

import Redis from "ioredis";
import { MongoClient } from "mongodb";
import mysql from "mysql2";
import { createClient } from "redis";
import * as Sentry from "watchpost";

import { listening, spansOf } from "../../test/support/databases.mjs";
import { startWeb } from "../../test/support/serving.mjs";

/** Answers each command of RESP: `GET missing` with an error, HELLO and the like with one too, others with OK. */
function redisServer() {
  return listening((socket) => {
    let text = "";
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      text += chunk;
      for (;;) {
        const count = /^\*(\d+)\r\n/.exec(text);
        if (!count) return;
        let at = count[0].length;
        const words = [];
        for (let left = Number(count[1]); left > 0; left -= 1) {
          const size = /^\$(\d+)\r\n/.exec(text.slice(at));
          if (!size) return;
          at += size[0].length;
          if (text.length < at + Number(size[1]) + 2) return;
          words.push(text.slice(at, at + Number(size[1])));
          at += Number(size[1]) + 2;
        }
        text = text.slice(at);
        const [command, key] = [words[0].toUpperCase(), words[1]];
        if (command === "HELLO" || key === "missing") socket.write("-ERR no such thing\r\n");
        else if (command === "INFO") socket.write("$15\r\nloading:0\r\nab:1\r\n");
        else socket.write("+OK\r\n");
      }
    });
  });
}

for (const [name, open] of [
  ["ioredis", async (port) => {
    const client = new Redis({ port, host: "127.0.0.1", lazyConnect: true, enableReadyCheck: false, protocol: 2 });
    await client.connect();
    return [client, () => client.disconnect()];
  }],
  ["node-redis", async (port) => {
    const client = createClient({ RESP: 2, socket: { port, host: "127.0.0.1" } });
    client.on("error", () => undefined);
    await client.connect();
    return [client, () => client.destroy()];
  }],
]) {
  test(name, async () => {
    const server = await redisServer();
    startWeb();
    const [client, end] = await open(server.address().port);
    const { spans, crumbs } = await spansOf(async () => {
      await client.set("cart:7", "secret");
      await assert.rejects(client.get("missing"));
    });
    end();
    server.close();
    assert.deepEqual(spans.map(({ op, description, status }) => [op, description, status]), [
      ["db.redis", "SET cart:7 ?", "ok"],
      ["db.redis", "GET missing", "internal_error"],
    ]);
    assert.equal(spans[0].data["db.system"], "redis");
    assert.deepEqual(crumbs, ["SET cart:7 ?", "GET missing"]);
  });
}

test("mysql2", async () => {
  const server = mysql.createServer();
  server.on("connection", (connection) => {
    connection.serverHandshake({ protocolVersion: 10, serverVersion: "8.0", connectionId: 1, statusFlags: 2, characterSet: 8, capabilityFlags: 0xffffff ^ 0x800 });
    connection.on("error", () => undefined);
    connection.on("query", (sql) => {
      if (sql.includes("nowhere")) connection.writeError({ code: 1146, message: "no such table" });
      else connection.writeOk({ affectedRows: 1 });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server._server, "listening");
  startWeb();
  const client = mysql.createConnection({ host: "127.0.0.1", port: server._server.address().port, database: "shop", user: "u", password: "p" });
  const query = (...given) => new Promise((resolve, reject) => client.query(...given, (error, rows) => (error ? reject(error) : resolve(rows))));
  const { spans, crumbs } = await spansOf(async () => {
    await query("UPDATE t1 SET paid = ?, name = ? WHERE id = ?", [1.5, "O'Hara \\ x", 7]);
    await assert.rejects(query("SELECT * FROM nowhere"));
  });
  client.destroy();
  server._server.close();
  assert.deepEqual(spans.map(({ op, description, status }) => [op, description, status]), [
    ["db", "UPDATE t1 SET paid = ?, name = ? WHERE id = ?", "ok"],
    ["db", "SELECT * FROM nowhere", "internal_error"],
  ]);
  assert.equal(spans[0].data["db.name"], "shop");
  assert.equal(crumbs.length, 2);
});

test("mongodb, by the events of its client", async () => {
  startWeb();
  const client = Sentry.instrumentMongo(new MongoClient("mongodb://127.0.0.1:1/", { monitorCommands: true }));
  const { spans } = await spansOf(() => {
    client.emit("commandStarted", { requestId: 1, commandName: "find", databaseName: "shop", command: { find: "orders", filter: { card: "4111" } } });
    client.emit("commandSucceeded", { requestId: 1, commandName: "find" });
    client.emit("commandStarted", { requestId: 2, commandName: "ping", databaseName: "admin", command: { ping: 1 } });
    client.emit("commandFailed", { requestId: 2, commandName: "ping" });
  });
  assert.deepEqual(spans.map(({ description, status }) => [description, status]), [
    ["find shop.orders", "ok"],
    ["ping admin", "internal_error"],
  ]);
  assert.ok(!JSON.stringify(spans).includes("4111"));
});
