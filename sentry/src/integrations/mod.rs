//! Connections to the runtime and to other libraries, each behind an additive feature.

#[cfg(feature = "anyhow")]
pub mod anyhow;
#[cfg(feature = "backtrace")]
pub mod backtrace;
#[cfg(feature = "contexts")]
pub mod contexts;
#[cfg(feature = "crash")]
pub(crate) mod crash;
#[cfg(feature = "debug-images")]
pub(crate) mod debug_images;
#[cfg(feature = "log")]
pub mod log;
#[cfg(feature = "panic")]
pub mod panic;
#[cfg(any(feature = "log", feature = "tracing"))]
mod record;
#[cfg(feature = "backtrace")]
pub(crate) mod std_backtrace;
#[cfg(feature = "tower")]
pub mod tower;
#[cfg(feature = "tracing")]
pub mod tracing;

#[cfg(any(feature = "log", feature = "tracing"))]
pub use self::record::Route;

use watchpost_core::Text;

/// The names of what is compiled in, for `sdk.integrations`.
pub(crate) fn enabled() -> Vec<Text> {
    let all = [
        ("anyhow", cfg!(feature = "anyhow")),
        ("backtrace", cfg!(feature = "backtrace")),
        ("contexts", cfg!(feature = "contexts")),
        ("crash", cfg!(feature = "crash")),
        ("debug-images", cfg!(feature = "debug-images")),
        ("log", cfg!(feature = "log")),
        ("panic", cfg!(feature = "panic")),
        ("tower", cfg!(feature = "tower")),
        ("tracing", cfg!(feature = "tracing")),
    ];
    all.into_iter().filter(|(_, on)| *on).map(|(name, _)| Text::from_static(name)).collect()
}
