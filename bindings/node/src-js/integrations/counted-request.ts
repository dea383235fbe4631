import { getClient, say, type Client } from "../client";
import { toText } from "../json";
import type { NativeCountedRequest } from "../native";
import type { Scope } from "../scope";

const declared = new WeakSet<Client>();

/**
 * The session of a request without a transaction. What counts towards it is the core's to say, which hears of it when somebody
 * needs its scope, or else when it ends: until then a time is all that there is of it.
 */
export class CountedRequest {
  readonly #isolation: Scope;
  readonly #started: number;
  #followed: NativeCountedRequest | undefined;

  constructor(client: Client, isolation: Scope) {
    this.#isolation = isolation;
    this.#started = client.testNow() ?? Date.now() / 1000;
    if (!declared.has(client)) {
      declared.add(client);
      client.native.sessionsByRequest();
    }
    isolation.onMade = (handle) => {
      this.#followed = getClient()?.native.followRequest(this.#started, handle);
    };
  }

  /** The request is over, with the status of its answer, 0 if there was none. */
  end(status: number): void {
    try {
      // Whose request it was is known by its scope.
      if (this.#isolation.onMade && this.#isolation.getUser()) this.#isolation.core();
      this.#isolation.onMade = undefined;
      const client = getClient();
      if (!client) return;
      if (this.#followed) this.#followed.finish(client.native, status);
      else client.native.countRequest(this.#started, status);
    } catch (error) {
      say(`a request was not counted: ${toText(error)}`);
    }
  }
}
