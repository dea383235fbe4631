//! The compiler that built the program: Rust has no other runtime.

use watchpost_core::Map;

use super::{known, text};

/// `rustc 1.95.0 (59807616e 2026-04-14)`, from the build script.
const RUSTC: &str = env!("WATCHPOST_RUSTC");
const TARGET: &str = env!("WATCHPOST_TARGET");

pub(super) fn context() -> Map {
    let version = version(RUSTC);
    known([
        ("name", text("rustc")),
        ("version", version.and_then(text)),
        ("channel", version.and_then(|version| text(channel(version)))),
        ("target", text(TARGET)),
        ("raw_description", text(RUSTC)),
    ])
}

fn version(rustc: &str) -> Option<&str> {
    rustc.strip_prefix("rustc ")?.split(' ').next()
}

fn channel(version: &str) -> &str {
    let (_, suffix) = version.split_once('-').unwrap_or((version, "stable"));
    suffix.split('.').next().unwrap_or(suffix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_channels() {
        let version = version("rustc 1.97.0-nightly (e50aa6fba 2026-05-19)").unwrap();
        assert_eq!((version, channel(version)), ("1.97.0-nightly", "nightly"));
        assert_eq!((channel("1.95.0"), channel("1.96.0-beta.2")), ("stable", "beta"));
        assert!(RUSTC.starts_with("rustc "), "{RUSTC}");
        assert_eq!(context()["name"], "rustc");
    }
}
