import { attributesToJson, plainAttributes, type Attributes } from "./attribute";
import { getClient, say } from "./client";
import { active } from "./context";
import { toJson, toText } from "./json";
import type { Scope } from "./scope";

/** How important a line is. */
export type LogSeverityLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

/** A line of the structured log, as `beforeSendLog` sees it. */
export interface Log {
  level: LogSeverityLevel;
  message: string;
  attributes?: Attributes;
  /** The number that stands for the level. */
  severityNumber?: number;
}

/** A text that was put together from a template: what it was made of is sent along. */
export class Parameterized extends String {
  /** @internal */
  readonly template: string;
  /** @internal */
  readonly parameters: readonly unknown[];

  /** @internal */
  constructor(parts: readonly string[], parameters: readonly unknown[]) {
    super(parts.map((part, at) => (at < parameters.length ? part + toText(parameters[at]) : part)).join(""));
    this.template = parts.join("{}");
    this.parameters = parameters;
  }
}

/** Puts a text together, and remembers of what. */
export function fmt(parts: TemplateStringsArray | readonly string[], ...parameters: unknown[]): Parameterized {
  return new Parameterized(parts, parameters);
}

/** Where else a line goes than to the current scope. */
export interface LogMetadata {
  scope?: Scope | undefined;
}

/** Writes one line. */
export type LogFunction = (message: string | Parameterized, attributes?: Attributes, metadata?: LogMetadata) => void;

/** The structured log; needs the option `enableLogs`. */
export const logger: { readonly fmt: typeof fmt } & { readonly [Level in LogSeverityLevel]: LogFunction } = {
  fmt,
  trace: at("trace"),
  debug: at("debug"),
  info: at("info"),
  warn: at("warn"),
  error: at("error"),
  fatal: at("fatal"),
};

function at(level: LogSeverityLevel): LogFunction {
  return (message, attributes, metadata) => write(level, message, attributes, metadata?.scope);
}

function write(level: LogSeverityLevel, message: unknown, attributes?: Attributes, scope?: Scope): void {
  const client = getClient();
  if (!client || client.closed || !client.native.logsEnabled) return;
  try {
    const { isolation, current } = active();
    const made = message instanceof Parameterized ? message : undefined;
    const line = (): string | null =>
      client.native.log(
        isolation.handle(),
        (scope ?? current).handleIfUsed(),
        level,
        // What is too long is the core's to drop and to count.
        toText(message, LONGEST),
        attributesToJson(attributes),
        made?.template,
        made && toJson(made.parameters),
        client.logDispatcher,
      );
    const refused = client.logDispatcher ? client.hooks.during({ hint: {}, processors: [] }, line) : line();
    if (refused) say(`a line of the log was refused: ${refused}`);
  } catch (error) {
    say(`logger.${level} failed: ${toText(error)}`);
  }
}

/** From the core's words to those of `beforeSendLog`. @internal */
export function toLog({ body, attributes, ...rest }: CoreLog): Log {
  return { ...rest, severityNumber: NUMBERS[rest.level], message: body, attributes: plainAttributes(attributes) };
}

/** And back. @internal */
export function fromLog({ message, severityNumber: _, ...rest }: Log): unknown {
  return { ...rest, body: message };
}

/** @internal */
export interface CoreLog {
  level: LogSeverityLevel;
  body: string;
  attributes?: Attributes;
}

const LONGEST = 4 * 1024 * 1024;
const NUMBERS: Record<LogSeverityLevel, number> = { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 };
