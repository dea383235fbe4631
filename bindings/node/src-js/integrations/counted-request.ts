import { say, type Client } from "../client";
import { toText } from "../json";
import type { NativeRequestSession } from "../native";
import type { Scope } from "../scope";

const declared = new WeakSet<Client>();

/**
 * The session of a request without a transaction. Most are answered without a word to the SDK: those are a number when they
 * end. The core's scope, which makes errors count as this request's, is there as soon as somebody needs it.
 */
export class CountedRequest {
  readonly #client: Client;
  readonly #isolation: Scope;
  readonly #started: number;
  #session: NativeRequestSession | undefined;

  constructor(client: Client, isolation: Scope) {
    this.#client = client;
    this.#isolation = isolation;
    this.#started = client.testNow() ?? Date.now() / 1000;
    if (!declared.has(client)) {
      declared.add(client);
      client.native.sessionsByRequest();
    }
    isolation.onMade = (handle) => {
      this.#session = client.native.startRequestSession(handle, this.#started) ?? undefined;
    };
  }

  /** The request is over, with or without an error of ours. */
  end(errored: boolean): void {
    try {
      // Whose session it was is told by the scope.
      if (this.#isolation.onMade && this.#isolation.getUser()) this.#isolation.core();
      if (this.#isolation.onMade) {
        this.#isolation.onMade = undefined;
        this.#client.native.countRequest(this.#started, errored);
        return;
      }
      if (errored) this.#session?.markErrored();
      this.#session?.end();
    } catch (error) {
      say(`a request was not counted: ${toText(error)}`);
    }
  }
}
