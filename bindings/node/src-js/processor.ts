import { getClient, type Client } from "./client";
import { globalProcessors } from "./context";
import type { Scope } from "./scope";
import type { EventProcessor } from "./types";

const NONE: readonly EventProcessor[] = [];

/** The processors of an event of these scopes, in the order in which they run. @internal */
export function processorsOf(client: Client, isolation: Scope | undefined, current: Scope | undefined): readonly EventProcessor[] {
  const all = globalProcessors();
  const { preprocessors, processors } = client;
  const ofIsolation = isolation ? isolation.processors : NONE;
  const ofCurrent = current ? current.processors : NONE;
  // As good as always.
  if (all.length + preprocessors.length + processors.length + ofIsolation.length + ofCurrent.length === 0) return NONE;
  return [...preprocessors, ...all, ...ofIsolation, ...ofCurrent, ...processors];
}

/** Adds a function that sees every event of the client after those of the scopes, until the next `init`. */
export function addEventProcessor(processor: EventProcessor): void {
  getClient()?.addEventProcessor(processor);
}
