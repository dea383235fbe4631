import { getClient, say, type Client } from "../client";
import { toText } from "../json";
import type { NativeCountedRequest } from "../native";
import type { Scope } from "../scope";

let declared: Client | undefined;

/**
 * The session of a request without a transaction. What counts towards it is the core's to say, which hears of it when somebody
 * needs its scope, or else when it ends: until then a time is all that there is of it.
 */
export class CountedRequest {
  readonly #started: number;
  #isolation: Scope | undefined;
  #followed: NativeCountedRequest | undefined;
  #ended = false;

  constructor(client: Client) {
    this.#started = client.testNow() ?? Date.now() / 1000;
    if (declared !== client) {
      declared = client;
      client.native.sessionsByRequest();
    }
  }

  /** The request has a scope of its own now. */
  belongsTo(isolation: Scope): void {
    if (this.#ended) return;
    this.#isolation = isolation;
    isolation.onMade = (handle) => {
      this.#followed = getClient()?.native.followRequest(this.#started, handle);
    };
  }

  /** The request is over, with the status of its answer, 0 if there was none. */
  end(status: number): void {
    if (this.#ended) return;
    this.#ended = true;
    try {
      const isolation = this.#isolation;
      if (isolation) {
        // Whose request it was is known by its scope.
        if (isolation.onMade && isolation.getUser()) isolation.core();
        isolation.onMade = undefined;
      }
      const client = getClient();
      if (!client) return;
      if (this.#followed) this.#followed.finish(client.native, status);
      else client.native.countRequest(this.#started, status);
    } catch (error) {
      say(`a request was not counted: ${toText(error)}`);
    }
  }
}
