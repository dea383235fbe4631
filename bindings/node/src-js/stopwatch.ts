/** Measures the work of this thread, as well as that is to be had. */
export class Stopwatch {
  readonly #start = performance.now();
  readonly #used = used();

  /** Milliseconds: neither those that the thread waited for a processor, nor more than have gone by because other threads worked. */
  get elapsed(): number {
    const wall = performance.now() - this.#start;
    // The first is cheap to ask for.
    return wall < 1 ? wall : Math.min(wall, used() - this.#used);
  }
}

function used(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
