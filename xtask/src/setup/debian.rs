//! Packages of the system, where this runner may install them: as root on Debian and its children.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::console::line;
use crate::failure::{Failure, Result};
use crate::{process, repo};

/// Installs `packages`, which provide `what`.
///
/// # Errors
/// Where that is not possible, with what to install by hand.
pub fn apt(packages: &[&str], what: &str) -> Result<()> {
    let names = packages.join(" ");
    if !is_debian() {
        return Err(Failure::new(format!("install {what} and put it on the PATH")));
    }
    if !is_root() {
        return Err(Failure::new(format!("install {what}: sudo apt-get install {names}")));
    }
    line(format_args!("setup: installing {names} by apt-get"));
    let log = repo::cache("logs/setup-apt.log");
    if install(packages, &log).is_err() {
        // The lists of a fresh image are empty or old.
        process::must(Command::new("apt-get").arg("update"), &log, LIMIT)?;
        install(packages, &log)?;
    }
    Ok(())
}

fn install(packages: &[&str], log: &Path) -> Result<()> {
    let mut command = Command::new("apt-get");
    // A new machine may be busy with updates of its own.
    command
        .args(["-o", "DPkg::Lock::Timeout=300", "install", "-y", "--no-install-recommends"])
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive");
    process::must(&mut command, log, LIMIT)
}

fn is_debian() -> bool {
    Path::new("/etc/debian_version").exists() && process::find("apt-get").is_some()
}

fn is_root() -> bool {
    process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

const LIMIT: Duration = Duration::from_secs(10 * 60);
