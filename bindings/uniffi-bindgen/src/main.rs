//! The pinned generator of the Kotlin and Swift scaffolding.

fn main() {}
