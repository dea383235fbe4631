//! `cargo xtask package`: the installable files, into `.cache/dist`.

use std::process::Command;
use std::time::Duration;

use crate::console::line;
use crate::failure::{Context as _, Failure, Result};
use crate::setup::{VENV, venv};
use crate::step::Log;
use crate::{process, repo, suite};

/// The server's release binary with its page, the Python wheel and sdist, and the npm tarball.
///
/// # Errors
/// When one of the builds does not succeed.
pub fn run(words: &[String]) -> Result<()> {
    if let Some(word) = words.first() {
        return Err(Failure::new(format!("package takes no argument, not {word:?}")));
    }
    let log = Log::new("package");
    let dist = repo::cache("dist");
    std::fs::create_dir_all(&dist).at(&dist)?;
    suite::build_page(&log)?;
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--package", "watchpost-server"]).current_dir(repo::root());
    process::must(&mut cargo, log.path(), LIMIT)?;
    let server = repo::target().join("release/watchpost-server");
    std::fs::copy(&server, dist.join("watchpost-server")).at(&server)?;
    venv(VENV, &repo::path("xtask/requirements.txt"), log.path())?;
    for verb in ["build", "sdist"] {
        let mut maturin = Command::new(repo::cache(VENV).join("bin/maturin"));
        maturin.args([verb, "--manifest-path", "bindings/python/Cargo.toml", "--out"]).arg(&dist);
        if verb == "build" {
            maturin.arg("--release");
        }
        process::must(maturin.current_dir(repo::root()), log.path(), LIMIT)?;
    }
    suite::install(crate::language::Language::Node, &log)?;
    let mut pack = Command::new("npm");
    pack.args(["pack", "--ignore-scripts", "--pack-destination"]).arg(&dist);
    process::must(pack.current_dir(repo::path("bindings/node")), log.path(), LIMIT)?;
    for file in std::fs::read_dir(&dist).at(&dist)? {
        line(file?.path().display());
    }
    Ok(())
}

const LIMIT: Duration = Duration::from_secs(30 * 60);
