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
  /** Sees every event, may change it, and drops it with `null`; a promise is waited for. */
  processEvent?(event: Event, hint: EventHint, client: Client): Event | null | PromiseLike<Event | null>;
}

/** Those to be added to the default ones, or a function that is given these and answers with all. */
export type Integrations = Integration[] | ((defaults: Integration[]) => Integration[]);

/** Which integrations a client has. One of the application's own takes the place of a default one with its name. @internal */
export function chooseIntegrations(
  builtIn: Integration[],
  { integrations: given, defaultIntegrations, disabledIntegrations }: Options,
): Integration[] {
  const defaults = defaultIntegrations === false ? [] : builtIn;
  const disabled = Array.isArray(disabledIntegrations) ? disabledIntegrations : [];
  const all = typeof given === "function" ? given(defaults) : [...defaults, ...(given ?? [])];
  const byName = new Map<string, Integration>();
  for (const integration of all) {
    if (typeof integration?.name === "string") byName.set(integration.name, integration);
  }
  return [...byName.values()].filter(({ name }) => !disabled.includes(name));
}

/** Sets integrations up. One that throws costs no more than itself. @internal */
export function setUp(client: Client, integrations: readonly Integration[]): void {
  for (const integration of integrations) {
    attempt(integration, () => {
      if (!once.has(integration.name)) {
        once.add(integration.name);
        integration.setupOnce?.();
      }
      integration.setup?.(client);
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

/** Notes feature flags for events: `addFeatureFlag(name, value)` of what this returns. */
export function featureFlagsIntegration(): Integration & { addFeatureFlag(name: string, value: unknown): void } {
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
