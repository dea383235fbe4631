//! Fuzz targets, written once for two runners.
//!
//! A target takes any bytes and panics when a property does not hold. `cargo xtask soak fuzz` runs all of them: with
//! libFuzzer (coverage-guided, with the address sanitizer) where a nightly toolchain is installed, else with the stable runner, which mutates the corpus by proptest and shrinks what it finds. Both start from the same
//! corpus in `corpus/TARGET/`, which `tests/replay.rs` plays through on every test run.

mod mutate;
mod source;
mod targets;

pub use crate::mutate::{Found, search};

/// A target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, that of its corpus, and that of its libFuzzer program.
    pub name: &'static str,
    /// Panics if a property does not hold for these bytes.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: [Target; 10] = [
    Target { name: "dsn", run: targets::dsn::run },
    Target { name: "envelope", run: targets::envelope::run },
    Target { name: "event", run: targets::event::run },
    Target { name: "headers", run: targets::headers::run },
    Target { name: "ingest", run: targets::ingest::run },
    Target { name: "log", run: targets::log::run },
    Target { name: "normalize", run: targets::normalize::run },
    Target { name: "options", run: targets::options::run },
    Target { name: "outbox", run: targets::outbox::run },
    Target { name: "search", run: targets::search::run },
];

/// Runs the target called `name`.
///
/// # Panics
/// When a property does not hold, or there is no such target.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.unwrap_or_else(|| panic!("there is no target {name}")).run)(data);
}

/// The corpus of a target: every file's bytes with its name, in order of names.
///
/// # Errors
/// When the folder cannot be read.
pub fn corpus(name: &str) -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        files.push((entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path())?));
    }
    files.sort();
    Ok(files)
}
