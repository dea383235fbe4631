// What it takes to load an SDK and to set it up: required before it, asked after.
"use strict";

const resident = process.memoryUsage.rss();
const began = process.hrtime.bigint();

function report() {
  const init = Number(process.hrtime.bigint() - began) / 1e6;
  console.log(JSON.stringify({ init, resident: (process.memoryUsage.rss() - resident) / 1024 }));
}

module.exports = { report };
