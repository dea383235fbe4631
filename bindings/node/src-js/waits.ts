import * as timers from "node:timers";

// As they are now: whoever puts others in their place for a test does not stop our clock.
const { setTimeout: later, clearTimeout: never } = timers;

/** Node takes a longer time for none. */
const LONGEST_TIMER = 2 ** 31 - 1;
/** Milliseconds that a timer may come too early by. */
const EARLY = 1;

/** Milliseconds. Unlike that of `performance` this clock need not be loaded first. */
const now = (): number => process.uptime() * 1000;

interface Wait {
  number: number;
  until: number;
  settle: (done: boolean) => void;
}

/**
 * Who waits for an answer, each for some time at most.
 *
 * One timer serves all: it stands at the first time at which somebody may have waited for too long, and nobody touches
 * it who is answered before: that would cost more than all else of a flush. It keeps no process alive; the addon does while
 * an answer is due.
 */
export class Waits {
  readonly #waiting: Wait[] = [];
  readonly #late: (number: number) => void;
  #timer: NodeJS.Timeout | undefined;
  #due = Infinity;

  /** `late` hears of each that has waited for too long. */
  constructor(late: (number: number) => void) {
    this.#late = late;
  }

  /** Calls `settle` with the answer to this number, or with false after so many milliseconds. */
  add(number: number, limit: number, settle: (done: boolean) => void): void {
    const until = now() + limit;
    this.#waiting.push({ number, until, settle });
    if (until < this.#due) this.#set(until);
  }

  /** The answer to a number; one that came too late is nobody's. */
  answer(number: number, done: boolean): void {
    const waiting = this.#waiting;
    for (let at = 0; at < waiting.length; at++) {
      const wait = waiting[at] as Wait;
      if (wait.number !== number) continue;
      waiting.splice(at, 1);
      return wait.settle(done);
    }
  }

  #set(until: number): void {
    never(this.#timer);
    this.#due = until;
    this.#timer = later(this.#fired, Math.min(until - now(), LONGEST_TIMER)).unref();
  }

  readonly #fired = (): void => {
    // Whatever it was made in is not to live as long as the client.
    this.#timer = undefined;
    this.#due = Infinity;
    const late = now() + EARLY;
    for (const { number } of this.#waiting.filter(({ until }) => until <= late)) {
      this.#late(number);
      this.answer(number, false);
    }
    const next = Math.min(...this.#waiting.map(({ until }) => until));
    if (next < this.#due) this.#set(next);
  };
}
