//! Watchpost for Kotlin and Swift.
