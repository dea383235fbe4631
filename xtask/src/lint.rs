//! `cargo xtask lint`: the checks that run nothing.

use crate::failure::{Failure, Result};
use crate::repo;
use crate::step::Runner;
use crate::suite::{clippy, deny, docs, documentation, features, fmt, oldest_compiler};

/// Formatting, clippy, each feature alone, the oldest compiler, documentation, licences.
///
/// # Errors
/// When one of them is not clean.
pub fn run(words: &[String]) -> Result<()> {
    if let Some(word) = words.first() {
        return Err(Failure::new(format!("lint takes no argument, not {word:?}")));
    }
    let mut runner = Runner::new(repo::in_ci());
    runner.step("fmt", fmt);
    runner.step("clippy", clippy);
    runner.step("features", features);
    runner.step("oldest compiler", oldest_compiler);
    runner.step("docs", docs);
    runner.step("crate docs", documentation);
    runner.step("deny", deny);
    if runner.finish() { Ok(()) } else { Err(Failure::silent()) }
}
