import type { Integration } from "../integration";
import type { Options } from "../options";
import { childProcessIntegration } from "./children";
import { consoleIntegration } from "./console";
import { mysql2Integration, redisIntegration } from "./databases";
import { fastifyIntegration } from "./fastify";
import { fetchIntegration, httpClientIntegration } from "./http-client";
import { httpServerIntegration } from "./http-server";
import { localVariablesIntegration } from "./local-variables";
import { pinoIntegration } from "./loggers";
import { modulesIntegration } from "./modules";
import { uncaughtIntegration } from "./uncaught";

/** Those that are there unless they are switched off. Each costs nothing before what it watches happens. @internal */
export function builtIn({ includeLocalVariables }: Options): Integration[] {
  return [
    ...(includeLocalVariables ? [localVariablesIntegration()] : []),
    uncaughtIntegration(),
    httpServerIntegration(),
    httpClientIntegration(),
    fetchIntegration(),
    consoleIntegration(),
    childProcessIntegration(),
    fastifyIntegration(),
    mysql2Integration(),
    redisIntegration(),
    pinoIntegration(),
    modulesIntegration(),
  ];
}
