import type { Active } from "../context";
import type { Scope } from "../scope";
import type { CountedRequest } from "./counted-request";
import { describeRequest, type RequestLike } from "./request";

/** The scopes of a request, made when somebody needs them first: most requests are answered without. */
export class RequestScopes implements Active {
  readonly #request: RequestLike;
  readonly #counted: CountedRequest | undefined;
  #isolation: Scope;
  #current: Scope;
  #areOwn = false;

  /** Forks of these as they are now. */
  constructor({ isolation, current }: Active, request: RequestLike, counted: CountedRequest | undefined) {
    this.#request = request;
    this.#counted = counted;
    this.#isolation = isolation.snapshot();
    this.#current = current.snapshot();
  }

  get isolation(): Scope {
    if (!this.#areOwn) this.#make();
    return this.#isolation;
  }

  get current(): Scope {
    if (!this.#areOwn) this.#make();
    return this.#current;
  }

  /** The request is over, with the status of its answer, 0 if there was none. */
  end(status: number): void {
    // Whose request it was is known by its scope.
    if (!this.#areOwn && this.#isolation.getUser()) this.#make();
    this.#counted?.end(status);
  }

  #make(): void {
    this.#areOwn = true;
    this.#isolation = this.#isolation.forkIsolation();
    this.#current = this.#current.forkBare();
    this.#isolation.request = () => describeRequest(this.#request);
    this.#counted?.belongsTo(this.#isolation);
  }
}
