/** At which errors the debugger stops. */
export type PauseState = "all" | "uncaught" | "none";

/** Milliseconds of a second that may be spent. */
const MOST_TIME = 100;
const SHORTEST = 5_000;
const LONGEST = 3_600_000;

/**
 * Keeps what it counts below so many in a second, and within a tenth of the time. Beyond that it takes a step down, from `all` to
 * `uncaught` to `none`, and tries again after five seconds, then after ten, and so on up to an hour. A minute without trouble
 * brings the five seconds back.
 */
export class Throttle {
  #state: PauseState;
  readonly #wanted: PauseState;
  readonly #most: number;
  readonly #change: (state: PauseState) => void;
  #count = 0;
  #spent = 0;
  #since = performance.now();
  #wait = SHORTEST;
  #troubleAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  constructor(wanted: PauseState, most: number, change: (state: PauseState) => void) {
    this.#wanted = this.#state = wanted;
    this.#most = Number.isFinite(most) && most > 0 ? most : 50;
    this.#change = change;
  }

  /** Counts one that took so many milliseconds. */
  count(took: number): void {
    const now = performance.now();
    if (now - this.#since >= 1000) {
      this.#since = now;
      this.#count = this.#spent = 0;
    }
    this.#count += 1;
    this.#spent += took;
    if (this.#count >= this.#most || this.#spent >= MOST_TIME) this.#down(now);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #down(now: number): void {
    if (this.#state === "none") return;
    this.#count = this.#spent = 0;
    this.#set(this.#state === "all" ? "uncaught" : "none");
    this.#wait = now - this.#troubleAt > 60_000 + this.#wait ? SHORTEST : Math.min(2 * this.#wait, LONGEST);
    this.#troubleAt = now;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#set(this.#wanted), this.#wait).unref();
  }

  #set(state: PauseState): void {
    this.#state = state;
    this.#change(state);
  }
}
