//! The pinned generator of the Kotlin and Swift scaffolding.
//!
//! ```text
//! uniffi-bindgen generate --library target/debug/libwatchpost_ffi.so \
//!     --language kotlin --language swift --out-dir generated --no-format
//! ```

fn main() {
    uniffi::uniffi_bindgen_main();
}
