//! Node and the packages that the page, the binding and the examples need.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::{apt, version};
use crate::console::line;
use crate::failure::{Failure, Result};
use crate::{process, repo};

const OLDEST: (u32, u32) = (20, 0);
const LIMIT: Duration = Duration::from_secs(10 * 60);

pub(super) fn ensure() -> Result<()> {
    if process::find("node").is_none() || process::find("npm").is_none() {
        apt(&["nodejs", "npm"], "Node 20 or newer with npm")?;
    }
    let said = process::output(Command::new("node").arg("--version"))?;
    match version(&said) {
        Some(found) if found >= OLDEST => Ok(()),
        _ => Err(Failure::new(format!("Node {} is too old: install Node 20 or newer", said.trim()))),
    }
}

/// Installs the packages of the npm project in `folder`, unless they are as its manifest and lock file say.
///
/// # Errors
/// When npm does not succeed.
pub fn install(folder: &str, log: &Path) -> Result<()> {
    let folder = repo::path(folder);
    let manifest = folder.join("package.json");
    if !manifest.is_file() {
        return Err(Failure::new(format!("{} does not exist", manifest.display())));
    }
    let lock = folder.join("package-lock.json");
    let wanted = [manifest, lock.clone()]
        .iter()
        .filter_map(|file| std::fs::read_to_string(file).ok())
        .collect::<String>();
    let stamp = folder.join("node_modules/.installed-by-xtask");
    if std::fs::read_to_string(&stamp).is_ok_and(|was| was == wanted) {
        return Ok(());
    }
    line(format_args!("setup: npm packages of {}", folder.display()));
    if !lock.is_file() || npm(&folder, "ci", log).is_err() {
        // npm refuses its own lock file where an optional package has no version for this machine; then it installs
        // by the lock file all the same, and leaves it as it is.
        npm(&folder, "install", log)?;
    }
    std::fs::create_dir_all(folder.join("node_modules"))?;
    Ok(std::fs::write(stamp, wanted)?)
}

fn npm(folder: &Path, verb: &str, log: &Path) -> Result<()> {
    let mut npm = Command::new("npm");
    // What a package builds at its installation is built by its own step.
    npm.args([verb, "--no-audit", "--no-fund", "--no-save", "--ignore-scripts"]).current_dir(folder);
    process::must(&mut npm, log, LIMIT)
}
