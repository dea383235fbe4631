import { getClient, type Client } from "./client";
import { globalProcessors } from "./context";
import type { Scope } from "./scope";
import type { EventProcessor } from "./types";

const NONE: readonly EventProcessor[] = [];

/** The processors of an event of these scopes, in the order in which they run. @internal */
export function processorsOf(client: Client, ...scopes: readonly Scope[]): readonly EventProcessor[] {
  let all = globalProcessors();
  for (const { processors } of scopes) if (processors.length > 0) all = [...all, ...processors];
  if (client.processors.length > 0) all = [...all, ...client.processors];
  return all.length === 0 ? NONE : all;
}

/** Adds a function that sees every event of the client after those of the scopes, until the next `init`. */
export function addEventProcessor(processor: EventProcessor): void {
  getClient()?.addEventProcessor(processor);
}
