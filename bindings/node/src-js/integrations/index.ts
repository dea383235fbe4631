import type { Integration } from "../integration";
import type { Options } from "../options";
import { childProcessIntegration, workerThreadsIntegration } from "./children";
import { consoleIntegration } from "./console";
import { contextLinesIntegration, nodeContextIntegration, processSessionIntegration } from "./core-parts";
import { mysql2Integration, redisIntegration } from "./databases";
import { linkedErrorsIntegration } from "./error-data";
import { requestDataIntegration } from "./event-data";
import { fastifyIntegration } from "./fastify";
import { httpIntegration } from "./http";
import { nativeNodeFetchIntegration } from "./http-client";
import { localVariablesIntegration } from "./local-variables";
import { pinoIntegration } from "./loggers";
import { modulesIntegration } from "./modules";
import { onUncaughtExceptionIntegration, onUnhandledRejectionIntegration } from "./uncaught";

/** Those that are there unless they are switched off. Each costs nothing before what it watches happens. */
export function getDefaultIntegrations(options: Options = {}): Integration[] {
  return [...getDefaultIntegrationsWithoutPerformance(options), mysql2Integration(), redisIntegration()];
}

/** The same without those that make spans alone. */
export function getDefaultIntegrationsWithoutPerformance({ includeLocalVariables }: Options = {}): Integration[] {
  return [
    linkedErrorsIntegration(),
    requestDataIntegration(),
    consoleIntegration(),
    httpIntegration(),
    nativeNodeFetchIntegration(),
    onUncaughtExceptionIntegration(),
    onUnhandledRejectionIntegration(),
    contextLinesIntegration(),
    ...(includeLocalVariables ? [localVariablesIntegration()] : []),
    nodeContextIntegration(),
    childProcessIntegration(),
    workerThreadsIntegration(),
    processSessionIntegration(),
    modulesIntegration(),
    fastifyIntegration(),
    pinoIntegration(),
  ];
}
