import { Client, getClient, say, setCurrentClient } from "./client";
import { getIsolationScope } from "./context";
import { chooseIntegrations, type Integration } from "./integration";
import { getDefaultIntegrations } from "./integrations";
import { installedModules, MODULES, programFolder } from "./integrations/modules";
import { toText } from "./json";
import type { Options } from "./options";
import { handOverCounts } from "./tally";

let watchingExit = false;

/**
 * Starts to report to a DSN, or to the one in the variable `SENTRY_DSN`; without any, nothing is reported.
 *
 * Throws a TypeError when an option is unknown or cannot be used; nothing has changed then. Nothing else in this package
 * throws, but the makers of integrations for their options. A second call replaces the first client, which delivers what it has.
 */
export function init(options?: Options | string): Client {
  const given = typeof options === "object" && options !== null ? options : {};
  const integrations = chooseIntegrations(getDefaultIntegrations(given), given);
  const client = new Client(amended(withModules(options, integrations), integrations), integrations);
  setCurrentClient(client);
  client.init();
  if (given.initialScope) getIsolationScope().update(given.initialScope);
  if (process.env.SENTRY_TRACE) client.native.continueFromEnvironment(getIsolationScope().core());
  if (!watchingExit) {
    watchingExit = true;
    // Events are on disk already; this gives them a chance to leave at once, for at most `shutdownTimeout`.
    process.on("exit", () => {
      const client = getClient();
      handOverCounts();
      client?.hooks.giveUp();
      client?.native.closeNow();
    });
  }
  return client;
}

/** The same with the integrations of the options alone. */
export function initWithoutDefaultIntegrations(options: Options = {}): Client {
  return init({ ...options, defaultIntegrations: false });
}

/** The options as integrations want them. @internal */
export function amended<O extends Options | string | undefined>(options: O, integrations: readonly Integration[]): O | Options {
  const amending = integrations.filter(({ amend }) => amend);
  if (amending.length === 0) return options;
  const given: Options = typeof options === "string" ? { dsn: options } : { ...options };
  return amending.reduce((changed, integration) => integration.amend?.(changed) ?? changed, given);
}

/** The options, with the packages of the application unless it names them itself. What is no options is left to whoever reads them. */
function withModules(options: Options | string | undefined, chosen: Integration[]): Options | string | undefined {
  const given = typeof options === "string" ? { dsn: options } : (options ?? {});
  if (typeof given !== "object" || given.modules != null || !chosen.some(({ name }) => name === MODULES)) return options;
  return { ...given, modules: installedModules(programFolder()) };
}

/** True if a capture can lead anywhere: there is a DSN, and the client is not closed. */
export function isInitialized(): boolean {
  return getClient()?.isEnabled ?? false;
}

/** The same as {@link isInitialized}. */
export function isEnabled(): boolean {
  return isInitialized();
}

/**
 * Says whether the user agrees that errors are reported. With the option `requireConsent` nothing is collected before
 * `true`; `false` stops at once. The application remembers the answer.
 */
export function setConsent(given: boolean): void {
  const client = getClient();
  try {
    client?.native.setConsent(given === true, client.hooks.dispatch);
    client?.lookAgain();
  } catch (error) {
    say(`setConsent failed: ${toText(error)}`);
  }
}

/** Waits until everything captured has left, for at most that many milliseconds (default: `shutdownTimeout`). True if it has. */
export async function flush(timeoutMs?: number): Promise<boolean> {
  return (await getClient()?.flush(timeoutMs)) ?? true;
}

/** Flushes and stops: later captures do nothing until the next `init`. */
export async function close(timeoutMs?: number): Promise<boolean> {
  return (await getClient()?.drain(timeoutMs, true)) ?? true;
}
