// What events and transactions are called where a route stands in routers and applications of Express.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";

import express from "express";
import express4 from "express4";
import * as Sentry from "watchpost";

import { ask, startWeb, stop, takeItems } from "./support/serving.mjs";

const styles = {
  handlers: [(app) => app.use(Sentry.Handlers.requestHandler()), (app) => app.use(Sentry.Handlers.errorHandler())],
  setup: [() => {}, (app) => Sentry.setupExpressErrorHandler(app)],
};

function fail(_request, _response, next) {
  next(new Error("no money"));
}

/** What is at each place: a route that throws, one that fails later, one that answers. */
function orders(library, options) {
  const router = library.Router(options);
  router.get("/:id", () => {
    throw new Error("no money");
  });
  router.get("/:id/later", (request, response, next) => setImmediate(fail, request, response, next));
  router.get("/:id/fine", (_request, response) => response.end("ok"));
  router.get("/", (_request, response) => response.end("all"));
  router.get(["/:id/one", "/:id/other"], (_request, response) => response.end("ok"));
  return router;
}

const PLACES = {
  "/api/users/7": "/api/users/:id",
  "/api/users/7/later?x=1": "/api/users/:id/later",
  "/api/users/7/fine": "/api/users/:id/fine",
  "/api/users/": "/api/users",
  "/api/users/7/one": "/api/users/:id/one",
  "/api/users/7/other": "/api/users/:id/other",
  "/t/acme%20co/v1/users/7": "/t/:tenant/v1/users/:id",
  "/t/acme%20co/v1/users/7/fine": "/t/:tenant/v1/users/:id/fine",
  "/other/7": "/other/:id",
  "/other/7/fine": "/other/:id/fine",
  "/admin/pay/7": "/admin/pay/:id",
  "/admin/pay/7/fine": "/admin/pay/:id/fine",
  "/plain/7": "/plain/:id",
};

for (const [name, library] of Object.entries({ express4, express5: express })) {
  for (const [style, [before, after]] of Object.entries(styles)) {
    test(`routes of routers on ${name} in the style of ${style}`, async () => {
      startWeb({ tracesSampleRate: 1 });
      const app = library();
      app.set("env", "test");
      before(app);
      app.use((_request, _response, next) => next());
      const users = orders(library);
      const inner = library.Router({ mergeParams: true }).use("/users", users);
      const outer = library.Router().use("/v1", inner);
      app.use("/api/users", users).use("/t/:tenant", outer);
      app.use(["/other"], orders(library));
      const admin = library();
      admin.set("env", "test");
      admin.use("/pay", orders(library));
      app.use("/admin", admin);
      app.get("/plain/:id", fail);
      after(app);
      const server = createServer(app);
      const paths = Object.keys(PLACES);
      const statuses = await ask(server, paths);
      await stop(server);
      const { event, transaction } = takeItems();
      assert.deepEqual(transaction.map((each) => each.transaction), paths.map((path) => `GET ${PLACES[path]}`));
      assert.ok(transaction.every((each) => each.transaction_info.source === "route"));
      const failed = paths.filter((_, at) => statuses[at] === 500);
      assert.equal(failed.length, 6);
      assert.deepEqual(event.map((each) => each.transaction), failed.map((path) => `GET ${PLACES[path]}`));
    });
  }
}

test("a router that is mounted a second time, later, is known at both places", async () => {
  startWeb({ tracesSampleRate: 1 });
  const app = express();
  const router = orders(express);
  app.use("/a", router);
  const server = createServer(app);
  await ask(server, ["/a/7/fine"]);
  app.use("/b/:shop", router);
  await ask(server, ["/b/x/7/fine", "/a/7/fine"]);
  await stop(server);
  const names = takeItems().transaction.map((each) => each.transaction);
  assert.deepEqual(names, ["GET /a/:id/fine", "GET /b/:shop/:id/fine", "GET /a/:id/fine"]);
});
