//! From a finished envelope to a Sentry-compatible server: spool, worker, rate limits, HTTP.
