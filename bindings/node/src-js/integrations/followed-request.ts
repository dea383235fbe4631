import { getClient, say, type Client } from "../client";
import type { Active } from "../context";
import { toText } from "../json";
import type { NativeCountedRequest } from "../native";
import type { Scope } from "../scope";
import { countRequest } from "../tally";
import { describeRequest, type RequestLike } from "./request";

let declared: Client | undefined;

/**
 * A request without a transaction: its scopes, and its session. The scopes are made when somebody needs them first: most requests
 * are answered without. What counts towards the session is the core's to say, which hears of it when the scopes are made, or else
 * when it ends: until then a time is all that there is of it.
 */
export class FollowedRequest implements Active {
  readonly #request: RequestLike;
  #isolation: Scope;
  #current: Scope;
  #hasScopes = false;
  /** When it began, in seconds after 1970, until it was counted; nothing if it is not to be. */
  #started: number | undefined;
  #counted: NativeCountedRequest | undefined;

  /** Its scopes are forks of these as they are now. */
  constructor({ isolation, current }: Active, request: RequestLike) {
    this.#request = request;
    this.#isolation = isolation.snapshot();
    this.#current = current.snapshot();
  }

  /** True once somebody has needed them. */
  get hasScopes(): boolean {
    return this.#hasScopes;
  }

  get isolation(): Scope {
    if (!this.#hasScopes) this.#make();
    return this.#isolation;
  }

  get current(): Scope {
    if (!this.#hasScopes) this.#make();
    return this.#current;
  }

  /** It is a session, from now on. */
  count(client: Client): void {
    this.#started = client.testNow() ?? Date.now() / 1000;
    if (declared === client) return;
    declared = client;
    client.native.sessionsByRequest();
  }

  /** It is over, with the status of its answer, 0 if there was none. Only the first call counts. */
  end(status: number): void {
    const started = this.#started;
    if (started === undefined) return;
    try {
      // Whose request it was is known by its scope.
      if (this.#counted === undefined && this.#isolation.getUser()) this.isolation.core();
      this.#started = undefined;
      if (this.#hasScopes) this.#isolation.onMade = undefined;
      const client = getClient();
      if (!client) return;
      if (this.#counted) this.#counted.finish(client.native, status);
      else countRequest(client, started, status);
    } catch (error) {
      say(`a request was not counted: ${toText(error)}`);
    }
  }

  #make(): void {
    this.#hasScopes = true;
    this.#isolation = this.#isolation.forkIsolation();
    this.#current = this.#current.forkBare();
    this.#isolation.request = () => describeRequest(this.#request);
    const started = this.#started;
    if (started === undefined) return;
    this.#isolation.onMade = (handle) => {
      this.#counted = getClient()?.native.followRequest(started, handle);
    };
  }
}
