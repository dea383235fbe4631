//! Both sides of a benchmark, built and installed in ignored folders.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::Pair;
use crate::failure::{Failure, Result};
use crate::language::Language;
use crate::setup::{Need, Readiness, node_modules, venv};
use crate::step::Log;
use crate::{process, repo, suite};

pub(super) fn pair(language: Language) -> Result<Pair> {
    if let Readiness::Missing(what) = Need::Language(language).ensure() {
        return Err(Failure::new(what));
    }
    let log = Log::new(&format!("bench {language}"));
    match language {
        Language::Rust => rust(&log),
        Language::Python => python(&log),
        _ => node(&log),
    }
}

fn rust(log: &Log) -> Result<Pair> {
    // One at a time: built together they would share the features of their dependencies.
    Ok(Pair { ours: program("bench-ours", log)?, peer: program("bench-peer", log)? })
}

/// Our side of the Rust case.
pub(super) fn rust_ours() -> Result<Command> {
    program("bench-ours", &Log::new("bench instructions"))
}

fn program(package: &str, log: &Log) -> Result<Command> {
    let target = repo::cache("bench/target");
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--package", package]).current_dir(repo::path("benches/rust"));
    process::must(cargo.env("CARGO_TARGET_DIR", &target), log.path(), LIMIT)?;
    Ok(Command::new(target.join("release").join(package)))
}

fn python(log: &Log) -> Result<Pair> {
    suite::install(Language::Python, log)?;
    venv("bench/venv", &repo::path("benches/python/requirements.txt"), log.path())?;
    let side = |python: &Path, file: &str| {
        let mut command = Command::new(python);
        command.arg(repo::path("benches/python").join(file)).env("PYTHONDONTWRITEBYTECODE", "1");
        command
    };
    Ok(Pair {
        ours: side(&repo::cache("venv/bin/python"), "ours.py"),
        peer: side(&repo::cache("bench/venv/bin/python"), "peer.py"),
    })
}

fn node(log: &Log) -> Result<Pair> {
    suite::install(Language::Node, log)?;
    node_modules("benches/node", log.path())?;
    let side = |file: &str| {
        let mut command = Command::new("node");
        command.arg(repo::path("benches/node").join(file));
        command
    };
    Ok(Pair { ours: side("ours.js"), peer: side("peer.js") })
}

const LIMIT: Duration = Duration::from_secs(20 * 60);
