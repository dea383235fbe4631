// Bodies of requests on events: what the application has read, within what the options let be collected.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import { test } from "node:test";

import express from "express";
import express4 from "express4";
import fastify from "fastify";
import * as Sentry from "watchpost";

import { startWeb, stop, takeItems } from "./support/serving.mjs";

const JSON_TYPE = { "content-type": "application/json" };
const ASKED = { dataCollection: { httpBodies: ["incomingRequest"] } };

/** Sends a body to a server; the `request.data` and `_meta` of the events that it made. */
async function send(server, body, headers = JSON_TYPE, path = "/") {
  if (!server.listening) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  }
  const { port } = server.address();
  const sent = httpRequest({ port, path, host: "127.0.0.1", method: "POST", headers, agent: false });
  sent.end(body);
  const [response] = await once(sent, "response");
  response.resume();
  await once(response, "end");
  await stop(server);
  return takeItems().event.map((event) => [event.request.data, event._meta?.request?.data !== undefined]);
}

/** A server that reads in one way and then fails. */
function reading(read) {
  return createServer(async (request, response) => {
    const seen = await read(request);
    Sentry.captureException(new Error("no money"));
    response.end(String(seen));
  });
}

const WAYS = {
  "by events": (request) =>
    new Promise((resolve) => {
      let text = "";
      request.setEncoding("utf8").on("data", (chunk) => (text += chunk)).on("end", () => resolve(text));
    }),
  "by iteration": async (request) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  },
  "by readable": (request) =>
    new Promise((resolve) => {
      const chunks = [];
      request.on("end", () => resolve(Buffer.concat(chunks).toString())).on("readable", () => {
        for (let chunk; (chunk = request.read()) !== null; ) chunks.push(chunk);
      });
    }),
};

for (const [way, read] of Object.entries(WAYS)) {
  test(`a body that is read ${way} is on the event, with its secrets masked`, async () => {
    startWeb(ASKED);
    const given = JSON.stringify({ item: "tëa", password: "x", list: [1] });
    let seen;
    const server = reading(async (request) => (seen = await read(request)));
    assert.deepEqual(await send(server, given), [[{ item: "tëa", password: "[Filtered]", list: [1] }, false]]);
    assert.equal(seen, given);
  });
}

test("a body that nobody reads, or that nobody asked for, is left alone", async () => {
  startWeb(ASKED);
  let flowing;
  const unread = reading((request) => (flowing = request.readableFlowing));
  assert.deepEqual(await send(unread, "{}"), [[undefined, false]]);
  assert.equal(flowing, null);
  for (const options of [{}, { ...ASKED, maxRequestBodySize: "none" }, { dataCollection: { httpBodies: ["outgoingRequest"] } }]) {
    startWeb(options);
    let own;
    const server = reading((request) => (own = Object.hasOwn(request, "emit")) || WAYS["by events"](request));
    assert.deepEqual(await send(server, "{}"), [[undefined, false]], JSON.stringify(options));
    assert.equal(own, false);
  }
});

test("sendDefaultPii asks for bodies, too", async () => {
  startWeb({ sendDefaultPii: true });
  assert.deepEqual(await send(reading(WAYS["by events"]), '{"a":1}'), [[{ a: 1 }, false]]);
});

test("a body that is too large is noted, whether it says so or not", async () => {
  const body = JSON.stringify({ text: "x".repeat(1000) });
  for (const [maxRequestBodySize, large] of [["small", true], ["medium", false], ["always", false]]) {
    for (const headers of [JSON_TYPE, { ...JSON_TYPE, "content-length": body.length }]) {
      startWeb({ ...ASKED, maxRequestBodySize });
      const [[data, noted]] = await send(reading(WAYS["by events"]), body, headers);
      assert.deepEqual([data === undefined, noted], [large, large], maxRequestBodySize);
    }
  }
});

test("forms are collected, and what else cannot be read is not", async () => {
  for (const [type, body, data] of [
    ["application/x-www-form-urlencoded", "a=1&password=2", "a=1&password=[Filtered]"],
    ["text/plain", "secret", undefined],
    ["application/json", "{", undefined],
  ]) {
    startWeb(ASKED);
    assert.deepEqual(await send(reading(WAYS["by events"]), body, { "content-type": type }), [[data, false]]);
  }
});

for (const [name, library] of Object.entries({ express4, express5: express })) {
  test(`what ${name} has parsed`, async () => {
    startWeb(ASKED);
    const app = library();
    app.set("env", "test");
    app.use(library.json());
    app.post("/", (request) => {
      request.body.own = "put in by the application";
      throw new Error("no money");
    });
    Sentry.setupExpressErrorHandler(app);
    assert.deepEqual(await send(createServer(app), '{"a":{"b":2}}'), [[{ a: { b: 2 } }, false]]);
  });

  test(`what was read before ${name} got the request, as by a platform`, async () => {
    startWeb(ASKED);
    const app = library();
    app.set("env", "test");
    app.post("/", () => {
      throw new Error("no money");
    });
    Sentry.setupExpressErrorHandler(app);
    const server = createServer((request, response) => {
      request.body = { a: 3, token: "x" };
      app(request, response);
    });
    assert.deepEqual(await send(server, "{}"), [[{ a: 3, token: "[Filtered]" }, false]]);
  });
}

test("what Fastify has parsed", async () => {
  startWeb(ASKED);
  const app = fastify();
  app.post("/", async () => {
    throw new Error("no money");
  });
  await app.ready();
  assert.deepEqual(await send(app.server, '{"a":1}'), [[{ a: 1 }, false]]);
});
