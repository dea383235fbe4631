//! The web page: types, unit tests, build, and a browser that reads it as a person would.

use std::process::Command;
use std::time::Duration;

use crate::counts::Dialect;
use crate::failure::{Failure, Result};
use crate::language::Language;
use crate::setup::{browser_path, node_modules};
use crate::stand::Stage;
use crate::step::{Log, Outcome};
use crate::{process, repo};

const FOLDER: &str = "sentry-server/ui";
const LIMIT: Duration = Duration::from_secs(10 * 60);

pub(super) fn unit(log: &Log) -> Result<Outcome> {
    node_modules(FOLDER, log.path())?;
    log.tests(npm().args(["test"]), Dialect::Vitest)
}

/// Checks the types and builds `ui/dist`, which the server's build embeds.
///
/// # Errors
/// When npm or the bundler fails.
pub fn build(log: &Log) -> Result<()> {
    node_modules(FOLDER, log.path())?;
    process::must(npm().args(["run", "build"]), log.path(), LIMIT)
}

/// Headless Chromium against a real server that the examples have reported to.
pub(super) fn end_to_end(log: &Log, ready: &[Language]) -> Result<Outcome> {
    let browser = browser_path().ok_or_else(|| Failure::new("no Chromium on the PATH"))?;
    let stage = Stage::open(&repo::cache("pages"), 0, false, ready)?;
    for example in stage.examples() {
        stage.run(example)?;
    }
    let login = stage.login()?;
    let mut npm = npm();
    npm.args(["run", "e2e"])
        .env("WATCHPOST_URL", stage.url())
        .env("WATCHPOST_USER", &login.username)
        .env("WATCHPOST_PASSWORD", &login.password)
        .env("CHROMIUM", browser);
    log.tests(&mut npm, Dialect::Vitest)
}

fn npm() -> Command {
    let mut command = Command::new("npm");
    command.current_dir(repo::path(FOLDER)).env("NO_COLOR", "1");
    command
}
