import { toText } from "../json";
import { say } from "../client";
import { startSpan } from "../tracing";
import type { Span } from "../span";
import { beginQuery, endQuery, sqlSpan, type Described } from "./databases";

type Function_ = (this: unknown, ...given: unknown[]) => unknown;

/**
 * Follows the queries of `pg`, which says nothing of them by itself. Pools use clients, so these are enough.
 *
 * @example
 * const pg = Sentry.instrumentPg(require("pg"));
 */
export function instrumentPg<M extends { Client: { prototype: object } }>(pg: M): M {
  const prototype = pg.Client.prototype as { query?: Function_ };
  const query = prototype.query;
  if (typeof query !== "function" || wrapped.has(query)) return pg;
  prototype.query = mark(function (...given) {
    const [first] = given;
    const text = typeof first === "string" ? first : (first as { text?: unknown } | null)?.text;
    const { database, host, port } = this as { database?: unknown; host?: unknown; port?: unknown };
    const place = { "db.name": toText(database), "server.address": toText(host), "server.port": Number(port) };
    return follow(sqlSpan("postgresql", text, "auto.db.pg", place), query, this, given);
  });
  return pg;
}

interface MongoClient {
  on(event: string, listener: (event: never) => void): unknown;
}

interface MongoEvent {
  requestId: number;
  commandName: string;
  databaseName?: string;
  command?: Record<string, unknown>;
}

/**
 * Follows the commands of a client of `mongodb` that was made with `monitorCommands: true`. Values are not told.
 *
 * @example
 * const client = Sentry.instrumentMongo(new MongoClient(url, { monitorCommands: true }));
 */
export function instrumentMongo<C extends MongoClient>(client: C): C {
  const open = new Map<number, Span>();
  const begin = ({ requestId, commandName, databaseName, command }: MongoEvent): void => {
    const collection = command?.[commandName];
    const target = typeof collection === "string" ? `${databaseName}.${collection}` : String(databaseName);
    const attributes = { "db.system": "mongodb", "db.operation": commandName, "db.name": databaseName ?? "" };
    const span = beginQuery({ op: "db", name: `${commandName} ${target}`, origin: "auto.db.mongodb", attributes });
    if (span) open.set(requestId, span);
  };
  const end = (failed: boolean) => (event: MongoEvent) => {
    endQuery(open.get(event.requestId), failed);
    open.delete(event.requestId);
  };
  client.on("commandStarted", begin as never);
  client.on("commandSucceeded", end(false) as never);
  client.on("commandFailed", end(true) as never);
  return client;
}

/**
 * A client of Prisma whose operations are followed.
 *
 * @example
 * const prisma = Sentry.instrumentPrisma(new PrismaClient());
 */
export function instrumentPrisma<C extends { $extends(extension: object): unknown }>(client: C): C {
  const follow = ({ model, operation, args, query }: { model?: string; operation: string; args: unknown; query: (args: unknown) => Promise<unknown> }) =>
    startSpan(
      {
        name: model ? `${model}.${operation}` : operation,
        op: "db.prisma",
        origin: "auto.db.prisma",
        attributes: { "db.operation": operation },
        onlyIfParent: true,
      },
      () => query(args),
    );
  return client.$extends({ name: "watchpost", query: { $allOperations: follow } }) as C;
}

const wrapped = new WeakSet<Function_>();

function mark(wrapper: Function_): Function_ {
  wrapped.add(wrapper);
  return wrapper;
}

/** Calls `query`, whose end is told by a callback in last place or in its first argument, by a promise, or by events. */
function follow(described: Described | undefined, query: Function_, self: unknown, given: unknown[]): unknown {
  let span: Span | undefined;
  try {
    span = beginQuery(described);
  } catch (error) {
    say(`a query was not followed: ${toText(error)}`);
  }
  if (!span) return Reflect.apply(query, self, given);
  const own = span;
  const last = given.at(-1);
  if (typeof last === "function") {
    const callback = last as Function_;
    const ended: Function_ = function (...answer) {
      endQuery(own, Boolean(answer[0]));
      return Reflect.apply(callback, this, answer);
    };
    return Reflect.apply(query, self, [...given.slice(0, -1), ended]);
  }
  const answer = Reflect.apply(query, self, given) as { then?: Function_; once?: Function_ } | undefined;
  if (typeof answer?.then === "function") {
    void Promise.resolve(answer as PromiseLike<unknown>).then(() => endQuery(own, false), () => endQuery(own, true));
  } else if (typeof answer?.once === "function") {
    answer.once("end", () => endQuery(own, false));
    answer.once("error", () => endQuery(own, true));
  } else {
    endQuery(own, false);
  }
  return answer;
}
