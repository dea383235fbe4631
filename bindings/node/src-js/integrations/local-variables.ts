import type { Debugger, Session } from "node:inspector";
import { join, sep } from "node:path";
import { pathToFileURL } from "node:url";

import { say, type Client } from "../client";
import { hasVariables, keepVariables, type CallVariables } from "../frame-variables";
import type { Integration } from "../integration";
import { toText } from "../json";
import { areStacksMapped, originOf } from "../source-maps";
import { Stopwatch } from "../stopwatch";
import { workerNumber } from "../thread";
import { Snapshot, type Shown } from "../variables";
import { checked } from "./checked";
import { Throttle, type PauseState } from "./throttle";
import { using } from "./using";

const NAME = "LocalVariablesAsync";
/** Calls of the application's own that are looked into, per error. */
const MOST_CALLS = 8;
/** How often is looked whether somebody debugs this process; milliseconds. */
const LOOK_EVERY = 1000;
/** What a function of CommonJS has beside the application's variables. */
const WRAPPER = ["exports", "require", "module", "__filename", "__dirname"];

/** Which errors are looked at. */
export interface LocalVariablesOptions {
  /** Errors that are caught, too; true by default. False leaves those that V8 expects to be uncaught. */
  captureAllExceptions?: boolean;
  /** So many in a second; 50 by default. After more of them, or where they take too long, it pauses for five seconds or longer. */
  maxExceptionsPerSecond?: number;
}

/**
 * The local variables of the calls that threw an error. Not there by default: `includeLocalVariables: true` adds it.
 *
 * V8's debugger stops at each throw, which takes about a millisecond; the values are copied there and then, within bounds. Nothing
 * is left stopped, as the debugger is asked from the same thread. A process that somebody else debugs is left alone, and so are
 * worker threads.
 */
export function localVariablesIntegration(options?: LocalVariablesOptions): Integration {
  const known = { captureAllExceptions: "boolean", maxExceptionsPerSecond: "number" } as const;
  const given = checked("localVariablesIntegration", options, known);
  return { name: NAME, setup: (client) => start(client, given) };
}

/** The present session with the debugger. */
let watch: Watch | undefined;

function start(client: Client, options: LocalVariablesOptions): void {
  watch?.stop();
  const { includeLocalVariables, dataCollection } = client.getOptions();
  if (includeLocalVariables === false || dataCollection?.stackFrameVariables === false || !client.isEnabled) return;
  if (workerNumber() !== undefined) return say("no local variables are collected in worker threads");
  // Not every build of Node has it, and loading it takes time.
  const inspector = require("node:inspector") as Inspector;
  if (inspector.url() !== undefined) return say("no local variables are collected while this process is debugged");
  watch = new Watch(inspector, options, includeLocalVariables === "types");
}

type Inspector = typeof import("node:inspector");

class Watch {
  readonly #inspector: Inspector;
  readonly #session: Session;
  readonly #throttle: Throttle;
  readonly #typesOnly: boolean;
  readonly #timer: NodeJS.Timeout;
  /** What the debugger calls with an object: the only way from its world into ours. */
  #reader = "";
  #take: ((object: object) => void) | undefined;
  /** The application's files by the debugger's numbers: it names none where it stops. */
  readonly #files = new Map<string, string>();
  #stopped = false;

  constructor(inspector: Inspector, options: LocalVariablesOptions, typesOnly: boolean) {
    const { captureAllExceptions = true, maxExceptionsPerSecond = 50 } = options;
    this.#typesOnly = typesOnly;
    this.#inspector = inspector;
    this.#session = new inspector.Session();
    this.#throttle = new Throttle(captureAllExceptions ? "all" : "uncaught", maxExceptionsPerSecond, (state) => this.#pauseOn(state));
    this.#session.connect();
    try {
      this.#session.on("Debugger.scriptParsed", ({ params: { scriptId, url } }) => {
        if (isOurs(url)) this.#files.set(scriptId, url);
      });
      this.#session.on("Debugger.paused", ({ params }) => this.#paused(params));
      this.#session.post("Debugger.enable");
      this.#reader = this.#introduce();
      // Where the answer comes later, as in other runtimes, a stop would be one for ever.
      if (this.#reader === "") throw new Error("the debugger of this runtime does not answer at once");
      this.#pauseOn(captureAllExceptions ? "all" : "uncaught");
    } catch (error) {
      this.#session.disconnect();
      throw error;
    }
    this.#timer = setInterval(() => this.#isWanted() || this.stop(), LOOK_EVERY).unref();
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (watch === this) watch = undefined;
    clearInterval(this.#timer);
    this.#throttle.stop();
    this.#pauseOn("none");
    // The session may be in the middle of telling of a pause.
    setImmediate(() => {
      this.#session.post("Debugger.disable");
      this.#session.disconnect();
    });
  }

  #isWanted(): boolean {
    return this.#inspector.url() === undefined && using(NAME) !== undefined;
  }

  #pauseOn(state: PauseState): void {
    this.#session.post("Debugger.setPauseOnExceptions", { state });
  }

  /** Makes the function known to the debugger, and to nobody else. */
  #introduce(): string {
    const key = Symbol("watchpost.local-variables");
    const holder = globalThis as { [key: symbol]: unknown };
    const name = `watchpost.${key.description}.${process.hrtime.bigint()}`;
    const shared = Symbol.for(name);
    holder[shared] = (object: object) => this.#take?.(object);
    let id = "";
    this.#session.post("Runtime.evaluate", { expression: `globalThis[Symbol.for(${JSON.stringify(name)})]` }, (_error, answer) => {
      id = answer?.result.objectId ?? "";
    });
    delete holder[shared];
    return id;
  }

  #paused(pause: Debugger.PausedEventDataType): void {
    if (this.#stopped || (pause.reason !== "exception" && pause.reason !== "promiseRejection")) return;
    if (!this.#isWanted()) return this.stop();
    const watch = new Stopwatch();
    try {
      this.#look(pause);
    } catch (error) {
      say(`the local variables of an error could not be read: ${toText(error)}`);
    }
    this.#throttle.count(watch.elapsed);
  }

  #look({ data, callFrames }: Debugger.PausedEventDataType): void {
    const { objectId } = (data ?? {}) as { objectId?: string };
    let error: object | undefined;
    this.#withObject(objectId, (thrown) => (error = thrown));
    if (error === undefined || hasVariables(error)) return;
    const snapshot = new Snapshot(this.#typesOnly);
    const calls: CallVariables[] = [];
    for (const frame of callFrames) {
      if (calls.length >= MOST_CALLS || snapshot.isSpent) break;
      const file = this.#files.get(frame.location.scriptId);
      if (file !== undefined) calls.push(this.#call(frame, file, snapshot));
    }
    keepVariables(error, calls);
  }

  #call({ functionName, location, scopeChain }: Debugger.CallFrame, file: string, snapshot: Snapshot): CallVariables {
    const vars: Record<string, Shown> = {};
    for (const { type, object } of scopeChain) {
      // What belongs to the call ends with the function's own scope; behind it are those that it was made in.
      const isLast = type === "local" || type === "module";
      if (!isLast && type !== "block" && type !== "catch") break;
      this.#withObject(object.objectId, (scope) => snapshot.variables(scope, vars));
      if (isLast) break;
    }
    if (functionName === "" && "__filename" in vars) WRAPPER.forEach((name) => delete vars[name]);
    const origin = areStacksMapped() ? originOf(file, location.lineNumber, location.columnNumber ?? 0) : undefined;
    return { function: functionName, file: origin ?? file, vars };
  }

  /** Hands over an object of the debugger's. Only those of the main context are to be had. */
  #withObject(objectId: string | undefined, take: (object: object) => void): void {
    if (objectId === undefined) return;
    this.#take = take;
    try {
      this.#session.post("Runtime.callFunctionOn", {
        functionDeclaration: "function (take) { take(this); }",
        objectId,
        arguments: [{ objectId: this.#reader }],
        silent: true,
      });
    } finally {
      this.#take = undefined;
    }
  }
}

const FOLDER = join(__dirname, "..") + sep;
const ADDRESS = pathToFileURL(FOLDER).href;

/** The application's own code, as far as a file tells. */
function isOurs(file: string): boolean {
  if (file === "" || file.startsWith("node:") || file.includes("/node_modules/")) return false;
  return !file.startsWith(FOLDER) && !file.startsWith(ADDRESS);
}
