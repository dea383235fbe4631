import { getClient, say, type Client } from "../client";
import { toText } from "../json";

/** The client, if it reports anything and has this integration. */
export function using(name: string): Client | undefined {
  const client = getClient();
  return client?.integrations.has(name) && client.isEnabled ? client : undefined;
}

/** What the integration of this name was made with, where a client reports anything and has it. */
export function usingWith<O extends object>(name: string): O | undefined {
  const client = getClient();
  return client?.isEnabled ? (client.integrations.get(name) as O | undefined) : undefined;
}

/** Runs `work` at the first call alone: integrations share what they listen to. */
export function onlyOnce(work: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    work();
  };
}

/** What a function of the application says, yes or no; one that throws says no. */
export function guardedAnswer(ask: () => unknown): boolean {
  try {
    return Boolean(ask());
  } catch (error) {
    say(`a function among the options of an integration threw ${toText(error)}`);
    return false;
  }
}
