//! Connections to the runtime and to other libraries, each behind an additive feature.

#[cfg(feature = "backtrace")]
pub mod backtrace;
#[cfg(feature = "contexts")]
pub mod contexts;
#[cfg(feature = "panic")]
pub mod panic;
#[cfg(feature = "backtrace")]
mod source;
#[cfg(feature = "tower")]
pub mod tower;

use watchpost_core::Text;

/// The names of what is compiled in, for `sdk.integrations`.
pub(crate) fn enabled() -> Vec<Text> {
    let all = [
        ("backtrace", cfg!(feature = "backtrace")),
        ("contexts", cfg!(feature = "contexts")),
        ("panic", cfg!(feature = "panic")),
        ("tower", cfg!(feature = "tower")),
    ];
    all.into_iter().filter(|(_, on)| *on).map(|(name, _)| Text::from_static(name)).collect()
}
