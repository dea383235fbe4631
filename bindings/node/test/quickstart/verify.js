"use strict";
// The first program of every guide: an error inside of a span, a while later.
require("./instrument.js");
const Sentry = require("watchpost");

Sentry.startSpan({ op: "test", name: "My First Test Span" }, () => {
  return new Promise((done) => {
    setTimeout(() => {
      try {
        undefinedFunction();
      } catch (e) {
        Sentry.captureException(e);
      }
      done();
    }, 20);
  });
});
