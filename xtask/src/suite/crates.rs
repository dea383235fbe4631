//! What the crate on the registry promises beside its tests: every feature works alone, and the oldest compiler named in
//! the manifest is enough.

use std::process::Command;

use serde_json::Value;

use crate::counts::Counts;
use crate::failure::{Failure, Result};
use crate::step::{Log, Outcome};
use crate::{process, repo};

/// The crate that applications add.
const CRATE: &str = "watchpost";
const PUBLISHED: [&str; 4] = ["watchpost", "watchpost-core", "watchpost-spool", "watchpost-transport"];

/// Features whose modules are shared with others: alone, each may leave half of one unused.
const SHARING: [&str; 4] = ["actix-web", "log", "tower", "tracing"];

/// Clippy on the crate without features, and with each feature alone. All of them together are checked by `clippy`.
///
/// # Errors
/// When one of them is not clean; the others are still tried.
pub fn features(log: &Log) -> Result<Outcome> {
    alone(log, &names()?)
}

/// The same for no feature and for those that share modules: what is most likely to break, in a tenth of the time, as
/// few dependencies are built another time.
///
/// # Errors
/// As [`features`].
pub(super) fn few_features(log: &Log) -> Result<Outcome> {
    alone(log, &SHARING.map(str::to_owned))
}

fn alone(log: &Log, features: &[String]) -> Result<Outcome> {
    let mut failed = Vec::new();
    let mut counts = Counts::default();
    for feature in std::iter::once("").chain(features.iter().map(String::as_str)) {
        let mut command = Command::new(cargo());
        command.current_dir(repo::root());
        command.args(["clippy", "--package", CRATE, "--lib", "--no-default-features", "--features", feature]);
        match log.run(command.args(["--", "-D", "warnings"])) {
            Ok(_) => counts.passed += 1,
            Err(_) => failed.push(if feature.is_empty() { "no feature" } else { feature }),
        }
    }
    if failed.is_empty() {
        return Ok(Outcome::Ran(counts));
    }
    Err(Failure::new(format!("not clean: {}", failed.join(", "))))
}

/// The documentation of the crate with all its features, as it is published, every warning an error.
///
/// # Errors
/// When rustdoc is not content.
pub fn documentation(log: &Log) -> Result<Outcome> {
    let mut command = Command::new(cargo());
    command.current_dir(repo::root()).env("RUSTDOCFLAGS", "-D warnings");
    log.run(command.args(["doc", "--package", CRATE, "--no-deps", "--all-features"]))
}

/// The crate with the oldest compiler that its manifest names. Without that compiler at least no dependency may ask for
/// a newer one; what of the standard library is newer is found by clippy, which knows the manifest.
///
/// # Errors
/// When it does not compile, or a dependency asks for more.
pub fn oldest_compiler(log: &Log) -> Result<Outcome> {
    let metadata = metadata(&["--all-features"])?;
    let own = package(&metadata, CRATE)?;
    let oldest =
        own["rust_version"].as_str().ok_or_else(|| Failure::new("the manifest names no rust-version"))?;
    let demanding = demanding(&metadata, oldest)?;
    if !demanding.is_empty() {
        return Err(Failure::new(format!("need more than Rust {oldest}: {}", demanding.join(", "))));
    }
    let Some(mut command) = cargo_of(oldest) else {
        let why = format!(
            "no dependency needs more than Rust {oldest}, but it is not installed to try: rustup toolchain install {oldest}"
        );
        return Ok(Outcome::NotRun(why));
    };
    command.current_dir(repo::root()).args(["check", "--all-features"]);
    for package in PUBLISHED {
        command.args(["--package", package]);
    }
    log.run(&mut command)
}

/// Cargo with the compiler of this version: the usual one if it is that, else one that rustup has.
fn cargo_of(version: &str) -> Option<Command> {
    let text = |command: &mut Command| process::output(command).unwrap_or_default();
    let usual = text(Command::new("rustc").arg("--version"));
    if usual.strip_prefix("rustc ").is_some_and(|found| found.starts_with(&format!("{version}."))) {
        return Some(Command::new(cargo()));
    }
    let installed = text(Command::new("rustup").args(["toolchain", "list"]));
    let is_it = |line: &&str| ['.', '-'].iter().any(|next| line.starts_with(&format!("{version}{next}")));
    let toolchain = installed.lines().find(is_it)?.split_whitespace().next()?;
    let mut command = Command::new("rustup");
    command.args(["run", toolchain, "cargo"]);
    Some(command)
}

fn names() -> Result<Vec<String>> {
    let metadata = metadata(&["--no-deps"])?;
    let features =
        package(&metadata, CRATE)?["features"].as_object().map(|map| map.keys().cloned().collect());
    let features: Vec<String> = features.unwrap_or_default();
    // `default` is several.
    Ok(features.into_iter().filter(|name| name != "default").collect())
}

/// The normal dependencies of the crate, at any depth, whose manifests ask for a newer compiler.
fn demanding(metadata: &Value, oldest: &str) -> Result<Vec<String>> {
    let own = package(metadata, CRATE)?["id"].as_str().unwrap_or_default().to_owned();
    let nodes = metadata["resolve"]["nodes"].as_array();
    let nodes = nodes.ok_or_else(|| Failure::new("cargo metadata names no dependencies"))?;
    let mut found = vec![own];
    let mut next = 0;
    while let Some(id) = found.get(next).cloned() {
        next += 1;
        let node = nodes.iter().find(|node| node["id"] == id.as_str());
        for dependency in node.and_then(|node| node["deps"].as_array()).into_iter().flatten() {
            let kinds = dependency["dep_kinds"].as_array();
            let normal = kinds.is_none_or(|kinds| kinds.iter().any(|kind| kind["kind"] != "dev"));
            let id = dependency["pkg"].as_str().unwrap_or_default();
            if normal && !found.iter().any(|known| known == id) {
                found.push(id.to_owned());
            }
        }
    }
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let used = packages.filter(|package| found.iter().any(|id| package["id"] == id.as_str()));
    let newer = used.filter(|package| {
        package["rust_version"].as_str().is_some_and(|version| numbers(version) > numbers(oldest))
    });
    Ok(newer.map(|package| format!("{} ({})", package["name"], package["rust_version"])).collect())
}

fn numbers(version: &str) -> Vec<u64> {
    let mut numbers: Vec<u64> = version.split('.').map_while(|part| part.parse().ok()).collect();
    numbers.resize(3, 0);
    numbers
}

fn package<'a>(metadata: &'a Value, name: &str) -> Result<&'a Value> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let mut own = packages.filter(|package| package["name"] == name);
    own.next().ok_or_else(|| Failure::new(format!("cargo metadata knows no package {name}")))
}

fn metadata(args: &[&str]) -> Result<Value> {
    let mut command = Command::new(cargo());
    // Not offline: the crates of other systems are in the lock file, and on a new machine nothing has fetched them yet.
    command.current_dir(repo::root()).args(["metadata", "--format-version", "1", "--locked"]).args(args);
    let text = process::output(&mut command)?;
    serde_json::from_str(&text).map_err(|error| Failure::new(format!("cargo metadata: {error}")))
}

fn cargo() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert!(numbers("1.100") > numbers("1.90") && numbers("1.90") == numbers("1.90.0"));
    }

    #[test]
    fn dependencies_that_ask_for_more_are_named() {
        let metadata = serde_json::json!({
            "packages": [
                {"id": "a", "name": "watchpost", "rust_version": "1.90"},
                {"id": "b", "name": "old", "rust_version": "1.60"},
                {"id": "c", "name": "new", "rust_version": "1.91.1"},
                {"id": "d", "name": "for tests", "rust_version": "1.99"},
            ],
            "resolve": {"nodes": [
                {"id": "a", "deps": [
                    {"pkg": "b", "dep_kinds": [{"kind": null}]},
                    {"pkg": "d", "dep_kinds": [{"kind": "dev"}]},
                ]},
                {"id": "b", "deps": [{"pkg": "c", "dep_kinds": [{"kind": null}]}]},
            ]},
        });
        assert_eq!(demanding(&metadata, "1.90").unwrap(), ["\"new\" (\"1.91.1\")"]);
    }
}
