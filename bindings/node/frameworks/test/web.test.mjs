// Web frameworks beside Express and Fastify, which the package's own tests have.
import "reflect-metadata";

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";

import Hapi from "@hapi/hapi";
import { createAdaptorServer } from "@hono/node-server";
import Router from "@koa/router";
import connect from "connect";
import { Hono } from "hono";
import Koa from "koa";
import * as Sentry from "watchpost";

import { checkFramework, startWeb, stop } from "../../test/support/serving.mjs";

const pause = () => new Promise((resolve) => setTimeout(resolve, 2));

async function pay() {
  await pause();
  throw new Error("no money");
}

test("Koa", async () => {
  startWeb({ tracesSampleRate: 1 });
  const app = new Koa();
  app.silent = true;
  Sentry.setupKoaErrorHandler(app);
  const router = new Router();
  router.get("/pay/:id", pay);
  router.get("/fine", (context) => (context.body = "ok"));
  app.use(router.routes());
  const server = createServer(app.callback());
  await checkFramework(assert, server, { mechanism: "auto.http.koa", route: "/pay/:id" });
  await stop(server);
});

test("Hapi", async () => {
  startWeb({ tracesSampleRate: 1 });
  const app = Hapi.server({ port: 0, host: "127.0.0.1", debug: false });
  await Sentry.setupHapiErrorHandler(app);
  app.route({ method: "GET", path: "/pay/{id}", handler: pay });
  app.route({ method: "GET", path: "/fine", handler: () => "ok" });
  await app.start();
  await checkFramework(assert, app.listener, { mechanism: "auto.http.hapi", route: "/pay/{id}" });
  await app.stop();
});

test("Hono", async () => {
  startWeb({ tracesSampleRate: 1 });
  const app = new Hono();
  Sentry.setupHonoErrorHandler(app);
  app.get("/pay/:id", pay);
  app.get("/fine", (context) => context.text("ok"));
  app.onError((_error, context) => context.text("sorry", 500));
  const server = createAdaptorServer(app);
  await checkFramework(assert, server, { mechanism: "auto.http.hono", route: "/pay/:id" });
  await stop(server);
});

test("Connect", async () => {
  startWeb();
  const app = connect();
  app.use("/pay", (_request, _response, next) => next(new Error("no money")));
  app.use("/fine", (_request, response) => response.end("ok"));
  Sentry.setupConnectErrorHandler(app);
  app.use((_error, _request, response, _next) => response.writeHead(500).end());
  const server = createServer(app);
  const { ask, takeItems } = await import("../../test/support/serving.mjs");
  assert.deepEqual(await ask(server, ["/pay", "/fine"]), [500, 200]);
  assert.deepEqual(takeItems().event.map((event) => event.exception.values[0].value), ["no money"]);
  await stop(server);
});

const nest = await import("@nestjs/core").catch((error) => error);
const skip = nest instanceof Error && "this version of NestJS does not run on this version of Node";
for (const platform of ["Express", "Fastify"]) test(`NestJS on ${platform}`, { skip }, async () => {
  const { Controller, Get, Module, Param, HttpException } = await import("@nestjs/common");
  startWeb({ tracesSampleRate: 1 });
  class Shop {
    async pay() {
      return pay();
    }
    fine() {
      return "ok";
    }
    refused() {
      throw new HttpException("not yours", 403);
    }
  }
  Controller()(Shop);
  for (const [name, path] of [["pay", "/pay/:id"], ["fine", "/fine"], ["refused", "/refused"]]) {
    Get(path)(Shop.prototype, name, Object.getOwnPropertyDescriptor(Shop.prototype, name));
  }
  Param("id")(Shop.prototype, "pay", 0);
  class App {}
  Module({ controllers: [Shop] })(App);
  const { FastifyAdapter } = platform === "Fastify" ? await import("@nestjs/platform-fastify") : {};
  const app = await nest.NestFactory.create(App, ...(FastifyAdapter ? [new FastifyAdapter()] : []), { logger: false });
  const { httpAdapter } = app.get(nest.HttpAdapterHost);
  Sentry.setupNestErrorHandler(app, new nest.BaseExceptionFilter(httpAdapter));
  await app.listen(0, "127.0.0.1");
  await checkFramework(assert, app.getHttpServer(), { mechanism: "auto.http.nestjs", route: "/pay/:id" });
  const { ask, takeItems } = await import("../../test/support/serving.mjs");
  assert.deepEqual(await ask(app.getHttpServer(), ["/refused"]), [403]);
  assert.deepEqual(takeItems().event, []);
  await app.close();
});
