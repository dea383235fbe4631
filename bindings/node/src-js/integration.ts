import { getClient, say, type Client } from "./client";
import { addFeatureFlag } from "./setters";
import { toText } from "./json";
import type { Options } from "./options";
import type { Event, EventHint } from "./types";

/** Something that reports by itself, or adds to what is reported. */
export interface Integration {
  /** By this name it is listed, found and switched off. */
  name: string;
  /** Called once per process. */
  setupOnce?(): void;
  /** Called for every client. */
  setup?(client: Client): void;
  /** Called for every client after all others were set up. */
  afterAllSetup?(client: Client): void;
  /** Sees every event before all processors, and may change it. */
  preprocessEvent?(event: Event, hint: EventHint, client: Client): void;
  /** Sees every event, may change it, and drops it with `null`; a promise is waited for. */
  processEvent?(event: Event, hint: EventHint, client: Client): Event | null | PromiseLike<Event | null>;
  /** What it was made with. @internal */
  options?: object;
  /** Others that it is made of, with what they were made with. @internal */
  parts?: Record<string, object>;
  /** Changes the options of a client before that is made. @internal */
  amend?(options: Options): Options;
  /** What takes its place where it is left out: the core does its work unless it is told not to. @internal */
  absence?: Omit<Integration, "name">;
  /** It stands for something that is not there. @internal */
  unlisted?: boolean;
}

/** Those to be added to the default ones, or a function that is given these and answers with all. */
export type Integrations = Integration[] | ((defaults: Integration[]) => Integration[]);

/** Which integrations a client has. One of the application's own takes the place of a default one with its name. @internal */
export function chooseIntegrations(
  builtIn: Integration[],
  { integrations: given, defaultIntegrations, disabledIntegrations }: Options,
): Integration[] {
  const defaults = Array.isArray(defaultIntegrations) ? defaultIntegrations : defaultIntegrations === false ? [] : builtIn;
  const disabled = isDisabled(disabledIntegrations);
  const all = typeof given === "function" ? given([...defaults]) : [...defaults, ...(given ?? [])];
  const byName = new Map<string, Integration>();
  for (const integration of all) {
    if (typeof integration?.name === "string") byName.set(integration.name, integration);
  }
  const chosen = [...byName.values()].filter(({ name }) => !disabled(name));
  for (const { name, absence } of defaults) {
    if (absence && !chosen.some((one) => one.name === name)) chosen.push({ ...absence, name, unlisted: true });
  }
  return chosen;
}

/** What integrations were made with, by their names and those of their parts. @internal */
export function settingsOf(integrations: readonly Integration[], { disabledIntegrations }: Options): Map<string, object> {
  const disabled = isDisabled(disabledIntegrations);
  const settings = new Map<string, object>();
  for (const { name, options = {}, parts = {} } of integrations) {
    settings.set(name, options);
    for (const [part, made] of Object.entries(parts)) if (!disabled(part) && !settings.has(part)) settings.set(part, made);
  }
  return settings;
}

/** Names are taken in any case, without their dots, and by the words for what they do. */
function isDisabled(given: unknown): (name: string) => boolean {
  if (!Array.isArray(given) || given.length === 0) return () => false;
  const names = given.map((name) => bare(String(name)));
  const all = new Set(names.flatMap((name) => SHORT[name] ?? [name]));
  return (name) => all.has(bare(name));
}

function bare(name: string): string {
  return name.replaceAll(".", "").toLowerCase();
}

const SHORT: Record<string, string[]> = {
  uncaught: ["onuncaughtexception", "onunhandledrejection"],
  fetch: ["nodefetch"],
  localvariables: ["localvariablesasync"],
};

/** Sets integrations up. One that throws costs no more than itself. @internal */
export function setUp(client: Client, integrations: readonly Integration[]): void {
  for (const integration of integrations) {
    attempt(integration, () => {
      if (!once.has(integration.name) && integration.setupOnce) {
        once.add(integration.name);
        integration.setupOnce();
      }
      integration.setup?.(client);
      if (typeof integration.preprocessEvent === "function") {
        client.preprocessors = [
          ...client.preprocessors,
          (event, hint) => {
            integration.preprocessEvent?.(event, hint, client);
            return event;
          },
        ];
      }
      if (typeof integration.processEvent === "function") {
        client.addEventProcessor((event, hint) => integration.processEvent?.(event, hint, client) ?? null);
      }
    });
  }
  for (const integration of integrations) attempt(integration, () => integration.afterAllSetup?.(client));
}

/** Sets another integration up for the present client. */
export function addIntegration(integration: Integration): void {
  getClient()?.addIntegration(integration);
}

/** Takes feature flags. */
export type FeatureFlagsIntegration = Integration & { addFeatureFlag(name: string, value: unknown): void };

/** Notes feature flags for events: `addFeatureFlag(name, value)` of what this returns. */
export function featureFlagsIntegration(): FeatureFlagsIntegration {
  return {
    name: "FeatureFlags",
    addFeatureFlag(name, value) {
      // Flags that are no yes or no have no place in the protocol.
      if (typeof value === "boolean") addFeatureFlag(name, value);
    },
  };
}

const once = new Set<string>();

function attempt(integration: Integration, setUp: () => void): void {
  try {
    setUp();
  } catch (error) {
    say(`the integration ${integration.name} could not be set up: ${toText(error)}`);
  }
}
