import { getClient, type Client } from "../client";

/** The client, if it reports anything and has this integration. */
export function using(name: string): Client | undefined {
  const client = getClient();
  return client?.integrations.has(name) && client.isEnabled ? client : undefined;
}
