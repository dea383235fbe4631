import { tracingChannel } from "node:diagnostics_channel";
import { format } from "node:util";

import type { Attributes } from "../attribute";
import { captureException, captureMessage } from "../capture";
import { isError } from "../error";
import type { Integration } from "../integration";
import { cut } from "../json";
import { logger, type LogSeverityLevel } from "../log";
import { addBreadcrumb } from "../setters";
import type { SeverityLevel } from "../types";
import { checked } from "./checked";
import { onlyOnce, usingWith } from "./using";

const PINO = "Pino";

/** What becomes of lines of a logging library, by level. */
export interface LoggerOptions {
  /** Lines of the structured log, where `enableLogs` is set; all levels by default. */
  log?: { levels?: readonly LogSeverityLevel[] };
  /** Captured as errors; none by default. */
  error?: { levels?: readonly LogSeverityLevel[] };
  /** No effect: all instances are listened to. */
  autoInstrument?: boolean;
}

/** Lines of pino from version 9.10 on, which speaks of them by itself: breadcrumbs, log lines, errors where asked for. */
export function pinoIntegration(options?: LoggerOptions): Integration {
  const given = checked("pinoIntegration", options, { log: "object", error: "object", autoInstrument: "idle" } as const);
  return { name: PINO, options: given, setupOnce: watchPino };
}

const watchPino = onlyOnce(() =>
  tracingChannel(`pino_asJson`).subscribe({
    start() {},
    end: (message: object) => {
      const options = usingWith<LoggerOptions>(PINO);
      if (options) readPino(message as PinoCall, options);
    },
    asyncStart() {},
    asyncEnd() {},
    error() {},
  }),
);

interface PinoCall {
  instance: { levels?: { labels?: Record<string, string> } };
  arguments: ArrayLike<unknown>;
}

function readPino({ instance, arguments: given }: PinoCall, options: LoggerOptions): void {
  const [object, text, number] = Array.from(given) as [unknown, unknown, number];
  const level = levelOf(instance.levels?.labels?.[number] ?? "info");
  const fields = typeof object === "object" && object !== null ? (object as Record<string, unknown>) : {};
  const thrown = isError(object) ? object : isError(fields.err) ? fields.err : undefined;
  const message = typeof text === "string" ? text : thrown ? String(thrown.message) : "";
  note({ level, message, fields: isError(object) ? {} : fields, thrown, origin: "auto.log.pino" }, options);
}

interface WinstonInfo {
  level?: unknown;
  message?: unknown;
  [key: string | symbol]: unknown;
}

type TransportClass = new (options?: never) => { log?(info: never, next: () => void): void };

/**
 * A transport class for winston, made of `winston-transport`'s.
 *
 * @example
 * const Transport = Sentry.createWinstonTransport(require("winston-transport"));
 * const log = winston.createLogger({ transports: [new Transport()] });
 */
export function createWinstonTransport<C extends TransportClass>(
  Transport: C,
  options: LoggerOptions & Pick<WinstonOptions, "customLevelMap"> = {},
): C {
  class WatchpostTransport extends (Transport as unknown as new (...given: unknown[]) => object) {
    log(info: WinstonInfo, next: () => void): void {
      readWinston(info, options);
      next();
    }
  }
  return WatchpostTransport as unknown as C;
}

/** Which lines of winston become lines of the structured log. */
export interface WinstonOptions {
  /** All by default. */
  levels?: readonly LogSeverityLevel[];
  /** What levels of your own stand for. */
  customLevelMap?: Record<string, LogSeverityLevel>;
}

/** {@link createWinstonTransport} with the options of the official SDK. */
export function createSentryWinstonTransport<C extends TransportClass>(Transport: C, options?: WinstonOptions): C {
  const known = { levels: "list", customLevelMap: "object" } as const;
  const { levels, customLevelMap } = checked("createSentryWinstonTransport", options, known);
  return createWinstonTransport(Transport, { log: levels ? { levels } : {}, ...(customLevelMap ? { customLevelMap } : {}) });
}

function readWinston(info: WinstonInfo, options: LoggerOptions & Pick<WinstonOptions, "customLevelMap">): void {
  // winston keeps the bare level's name under this symbol; `level` may be coloured.
  const { level, message, [Symbol.for("level")]: bare, stack, ...rest } = info;
  const thrown = isError(info) ? info : isError(message) ? message : typeof stack === "string" ? { message, stack } : undefined;
  const line = {
    level: options.customLevelMap?.[String(bare ?? level)] ?? levelOf(String(bare ?? level)),
    message: typeof message === "string" ? message : format(message),
    fields: rest,
    thrown,
    origin: "auto.log.winston",
  };
  note(line, options);
}

interface Line {
  level: LogSeverityLevel;
  message: string;
  fields: Record<string, unknown>;
  thrown: unknown;
  origin: string;
}

let busy = false;

function note({ level, message, fields, thrown, origin }: Line, options: LoggerOptions): void {
  // A hook that logs would go round in circles.
  if (busy) return;
  busy = true;
  try {
    const severity: SeverityLevel = level === "warn" ? "warning" : level === "trace" ? "debug" : level;
    if (options.error?.levels?.includes(level)) {
      if (thrown !== undefined) captureException(thrown, { level: severity, extra: { message } });
      else captureMessage(message, { level: severity, extra: fields });
    }
    if (options.log?.levels?.includes(level) ?? true) {
      const attributes: Attributes = { "sentry.origin": origin };
      for (const [key, value] of Object.entries(fields)) {
        const plain = ["string", "number", "boolean"].includes(typeof value);
        if (plain) attributes[key] = value as string;
        else if (!isError(value) && value !== undefined) attributes[key] = format("%j", value);
      }
      logger[level](message, attributes);
    }
    addBreadcrumb({ category: "log", level: severity, message: cut(message), origin });
  } catch {
    // A field that cannot be read is the application's affair.
  } finally {
    busy = false;
  }
}

/** Levels of all libraries; those of their own making count as `info`. */
function levelOf(name: string): LogSeverityLevel {
  const known: Record<string, LogSeverityLevel> = {
    trace: "trace",
    silly: "trace",
    debug: "debug",
    verbose: "debug",
    http: "info",
    info: "info",
    notice: "info",
    warn: "warn",
    warning: "warn",
    error: "error",
    crit: "error",
    fatal: "fatal",
    alert: "fatal",
    emerg: "fatal",
  };
  return known[name.toLowerCase()] ?? "info";
}
