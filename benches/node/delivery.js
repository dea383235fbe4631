// What arrives, when things go wrong.
"use strict";

const { setTimeout: sleep } = require("node:timers/promises");

/** Tasks by name, made of what the case is: `crumbs` and `fail`. */
module.exports = ({ crumbs, fail }) => {
  const capture = (side, count, first = 0) => {
    crumbs(side, first);
    for (let number = first; number < first + count; number++) fail(side, number);
  };
  return {
    /** Captures, and is killed straight after. */
    async kill(side, count) {
      capture(side, count);
      process.kill(process.pid, "SIGKILL");
      await sleep(60_000);
    },
    /** The next start: whatever is left goes out. */
    async resume(side) {
      await sleep(500); // The first look for what others left takes place in the background.
      await side.flush(30_000);
    },
    /** Captures quickly, and comes to its end when nothing is left to do. */
    async exit(side, count) {
      capture(side, count);
      return true;
    },
    /** Ten captures a second. */
    async outage(side, count) {
      for (let number = 0; number < count; number++) {
        capture(side, 1, number);
        await sleep(100);
      }
      await side.flush(30_000);
    },
  };
};
