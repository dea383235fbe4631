//! Where things are: the repository, its ignored folders, the build output.

use std::path::{Path, PathBuf};

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// A path inside the repository.
#[must_use]
pub fn path(relative: &str) -> PathBuf {
    root().join(relative)
}

/// The ignored folder that holds everything this runner downloads, installs and writes.
#[must_use]
pub fn cache(relative: &str) -> PathBuf {
    root().join(".cache").join(relative)
}

/// Cargo's output folder.
#[must_use]
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// A program built in the dev profile.
#[must_use]
pub fn built(name: &str) -> PathBuf {
    target().join("debug").join(name)
}

/// Whether this run must not skip anything.
#[must_use]
pub fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !value.is_empty() && value != "false" && value != "0")
}
