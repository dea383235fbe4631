//! Watchpost for Kotlin and Swift.

uniffi::setup_scaffolding!("watchpost");

/// The version of this library.
#[uniffi::export]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
