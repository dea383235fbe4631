//! Generated files that are committed: Node's loader and type declarations.

use std::process::Command;

use crate::console::line;
use crate::counts::Counts;
use crate::failure::{Failure, Result};
use crate::language::Language;
use crate::step::{Log, Outcome};
use crate::{process, repo, suite};

/// The files, which `cargo xtask gen` writes.
const FILES: [&str; 2] = ["bindings/node/binding.js", "bindings/node/binding.d.ts"];

/// `cargo xtask gen [--check]`.
///
/// # Errors
/// When the generator fails, or with `--check` when a file is not as committed.
pub fn run(words: &[String]) -> Result<()> {
    suite::install(Language::Node, &Log::new("gen"))?;
    if words.first().is_some_and(|word| word == "--check") {
        check()?;
    }
    FILES.iter().for_each(line);
    Ok(())
}

/// Whether the generated files are as committed; building the Node binding has just written them.
pub(crate) fn check() -> Result<Outcome> {
    let mut git = Command::new("git");
    git.current_dir(repo::root()).args(["status", "--porcelain", "--"]).args(FILES);
    let changed = process::output(&mut git)?;
    if !changed.trim().is_empty() {
        return Err(Failure::new(format!("not as committed; run cargo xtask gen and commit:\n{changed}")));
    }
    let missing: Vec<&str> = FILES.into_iter().filter(|file| !repo::path(file).is_file()).collect();
    if !missing.is_empty() {
        return Err(Failure::new(format!("missing: {}", missing.join(", "))));
    }
    Ok(Outcome::Ran(Counts { passed: FILES.len() as u64, ..Counts::default() }))
}
