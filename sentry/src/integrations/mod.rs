//! Connections to the runtime and to other libraries, each behind an additive feature.

#[cfg(feature = "actix-web")]
pub mod actix_web;
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
#[cfg(any(feature = "actix-web", feature = "reqwest", feature = "tower"))]
mod http;
#[cfg(feature = "log")]
pub mod log;
#[cfg(feature = "opentelemetry")]
pub mod opentelemetry;
#[cfg(feature = "panic")]
pub mod panic;
#[cfg(any(feature = "log", feature = "slog", feature = "tracing"))]
mod record;
#[cfg(feature = "reqwest")]
pub mod reqwest;
#[cfg(feature = "slog")]
pub mod slog;
#[cfg(feature = "backtrace")]
pub(crate) mod std_backtrace;
#[cfg(any(feature = "backtrace", feature = "panic"))]
pub(crate) mod thread;
#[cfg(feature = "tower")]
pub mod tower;
#[cfg(feature = "tracing")]
pub mod tracing;

#[cfg(any(feature = "log", feature = "slog", feature = "tracing"))]
pub use self::record::Route;

use watchpost_core::Text;

/// The names of what is compiled in, for `sdk.integrations`.
pub(crate) fn enabled() -> Vec<Text> {
    let all = [
        ("actix-web", cfg!(feature = "actix-web")),
        ("anyhow", cfg!(feature = "anyhow")),
        ("axum", cfg!(feature = "axum")),
        ("backtrace", cfg!(feature = "backtrace")),
        ("contexts", cfg!(feature = "contexts")),
        ("crash", cfg!(feature = "crash")),
        ("debug-images", cfg!(feature = "debug-images")),
        ("log", cfg!(feature = "log")),
        ("opentelemetry", cfg!(feature = "opentelemetry")),
        ("panic", cfg!(feature = "panic")),
        ("reqwest", cfg!(feature = "reqwest")),
        ("slog", cfg!(feature = "slog")),
        ("tower", cfg!(feature = "tower")),
        ("tracing", cfg!(feature = "tracing")),
    ];
    all.into_iter().filter(|(_, on)| *on).map(|(name, _)| Text::from_static(name)).collect()
}
