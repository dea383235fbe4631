//! Python's virtual environment, in an ignored folder.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::{apt, version};
use crate::console::line;
use crate::failure::{Context as _, Failure, Result};
use crate::{process, repo};

/// The environment that the binding, its tests and the examples share, under `.cache/`.
pub const VENV: &str = "venv";

const OLDEST: (u32, u32) = (3, 9);
const LIMIT: Duration = Duration::from_secs(10 * 60);

pub(super) fn ensure() -> Result<()> {
    if process::find("python3").is_none() {
        apt(&["python3", "python3-venv"], "Python 3.9 or newer")?;
    }
    let said = process::output(Command::new("python3").arg("--version"))?;
    if version(&said).is_none_or(|found| found < OLDEST) {
        return Err(Failure::new(format!("{} is too old: install Python 3.9 or newer", said.trim())));
    }
    if process::output(Command::new("python3").args(["-c", "import venv, ensurepip"])).is_err() {
        apt(&["python3-venv"], "Python's venv module")?;
    }
    Ok(())
}

/// Makes the environment `.cache/NAME` hold exactly what the requirements file says.
///
/// # Errors
/// When venv or pip does not succeed.
pub fn venv(name: &str, requirements: &Path, log: &Path) -> Result<()> {
    let wanted = std::fs::read_to_string(requirements).at(requirements)?;
    let folder = repo::cache(name);
    let stamp = folder.join("installed-by-xtask.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|was| was == wanted) {
        return Ok(());
    }
    line(format_args!("setup: Python packages of {} into {}", requirements.display(), folder.display()));
    if !folder.join("bin/python").exists() {
        process::must(Command::new("python3").args(["-m", "venv"]).arg(&folder), log, LIMIT)?;
    }
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(["-m", "pip", "install", "--disable-pip-version-check", "-q", "-r"]).arg(requirements);
    process::must(&mut pip, log, LIMIT)?;
    Ok(std::fs::write(stamp, wanted)?)
}
