//! Watchpost for Node.js.
