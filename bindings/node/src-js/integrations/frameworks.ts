import type { Integration } from "../integration";
import { installed } from "./modules";
import { HTTP_SERVER, watchServers } from "./http-server";
import { instrumentPg } from "./wrapped";

// Requests of every framework on `node:http` are followed in the same way; what a framework's integration turns on is that.
// Errors that it handles itself need its `setup...ErrorHandler`.

function onHttp(name: string): () => Integration {
  return () => ({ name, parts: { [HTTP_SERVER]: {} }, setupOnce: watchServers });
}

/** Requests of Express; see `setupExpressErrorHandler`. */
export const expressIntegration = onHttp("Express");
/** Requests of Koa; see `setupKoaErrorHandler`. */
export const koaIntegration = onHttp("Koa");
/** Requests of Hapi; see `setupHapiErrorHandler`. */
export const hapiIntegration = onHttp("Hapi");
/** Requests of Hono on `@hono/node-server`; see `setupHonoErrorHandler`. */
export const honoIntegration = onHttp("Hono");
/** Requests of Connect; see `setupConnectErrorHandler`. */
export const connectIntegration = onHttp("Connect");
/** Requests of NestJS; see `setupNestErrorHandler`. */
export const nestIntegration = onHttp("Nest");

/**
 * Queries of `pg`, as it is installed for the program: {@link instrumentPg} for one that is not at hand. Not there by default.
 *
 * @throws Error, which the debug output shows, where there is none.
 */
export function postgresIntegration(): Integration {
  return { name: "Postgres", setupOnce: () => void instrumentPg(installed("pg") as { Client: { prototype: object } }) };
}
