//! The checks of the Rust workspace. Every command names the same packages, so that cargo builds each crate once.

use std::process::Command;

use crate::counts::Dialect;
use crate::failure::Result;
use crate::language::Language;
use crate::process;
use crate::step::{Log, Outcome};

/// `cargo fmt --check`.
///
/// # Errors
/// When a file is not formatted.
pub fn fmt(log: &Log) -> Result<Outcome> {
    log.run(cargo().args(["fmt", "--all", "--check"]))
}

/// Clippy over every target, warnings denied.
///
/// # Errors
/// When it finds something.
pub fn clippy(log: &Log) -> Result<Outcome> {
    log.run(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

/// Licences, sources and duplicate crates, if the tool is there; advisories need a database from the network.
///
/// # Errors
/// When a dependency breaks a rule of `deny.toml`.
pub fn deny(log: &Log) -> Result<Outcome> {
    if process::find("cargo-deny").is_none() {
        return Ok(Outcome::NotRun("cargo-deny is not installed: cargo install --locked cargo-deny".into()));
    }
    log.run(cargo().args(["deny", "--offline", "check", "bans", "licenses", "sources"]))
}

/// The documentation, with every warning an error.
///
/// # Errors
/// When rustdoc is not content.
pub fn docs(log: &Log) -> Result<Outcome> {
    log.run(cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
}

pub(super) fn build(log: &Log) -> Result<Outcome> {
    log.run(cargo().args(["build", "--workspace", "--all-targets"]))
}

/// Builds the server alone.
///
/// # Errors
/// When it does not compile.
pub fn build_server(log: &Log) -> Result<()> {
    programs(log, &["watchpost-server"])
}

/// Builds `packages`, in one go.
pub(super) fn programs(log: &Log, packages: &[&str]) -> Result<()> {
    let mut command = cargo();
    command.arg("build");
    for package in packages {
        command.args(["--package", package]);
    }
    log.run(&mut command).map(|_| ())
}

pub(super) fn tests(log: &Log) -> Result<Outcome> {
    let args = ["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"];
    log.tests(cargo().args(args), Dialect::Cargo)
}

pub(super) fn doc_tests(log: &Log) -> Result<Outcome> {
    log.tests(cargo().args(["test", "--workspace", "--doc", "--no-fail-fast"]), Dialect::Cargo)
}

/// What the official SDKs sent, posted to the server.
pub(super) fn replay(log: &Log) -> Result<Outcome> {
    log.tests(cargo().args(["test", "--workspace", "--test", "replay"]), Dialect::Cargo)
}

/// The end-to-end tests, without those of the languages that could not be built.
pub(super) fn end_to_end(log: &Log, ready: &[Language]) -> Result<Outcome> {
    let mut command = cargo();
    command.args(["test", "--workspace", "--test", "e2e", "--no-fail-fast", "--", "--nocapture"]);
    for language in Language::ALL.into_iter().filter(|language| !ready.contains(language)) {
        command.arg("--skip").arg(format!("{language}_"));
    }
    log.tests(&mut command, Dialect::Cargo)
}

pub(super) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(crate::repo::root());
    command
}
