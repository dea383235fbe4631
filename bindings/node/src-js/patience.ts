import * as timers from "node:timers";

// As they are now: whoever puts others in their place for a test does not stop our clock.
const { setTimeout: later, clearTimeout: never } = timers;

/** Node takes a longer time for none. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Ends a wait that takes too long, and keeps the process alive until then. One timer serves one wait after the other: making
 * and clearing one costs more than all else of a flush.
 */
export class Patience {
  #timer: NodeJS.Timeout | undefined;
  #limit = 0;
  #late: (() => void) | undefined;

  /** Calls `late` after so many milliseconds, unless what this returns is called before. */
  wait(limit: number, late: () => void): () => void {
    const time = Math.min(limit, LONGEST_TIMER);
    if (this.#late) {
      // Somebody waits already.
      const own = later(late, time);
      return () => never(own);
    }
    this.#late = late;
    if (this.#timer && this.#limit === time) {
      this.#timer.ref().refresh();
    } else {
      never(this.#timer);
      this.#limit = time;
      this.#timer = later(this.#fired, time);
    }
    return this.#end;
  }

  readonly #end = (): void => {
    this.#late = undefined;
    this.#timer?.unref();
  };

  readonly #fired = (): void => {
    const late = this.#late;
    // Whatever it was made in is not to live as long as the client.
    this.#timer = this.#late = undefined;
    late?.();
  };
}
