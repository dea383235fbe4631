//! The bindings with every framework that there is an integration for; `cargo xtask test` has one of each family.

use std::time::Duration;

use crate::counts::Dialect;
use crate::failure::Result;
use crate::language::Language;
use crate::process;
use crate::setup::{apt, node_modules};
use crate::step::{Log, Outcome};
use crate::suite::{install, install_python, npm, python_of};

const LIMIT: Duration = Duration::from_secs(3600);

/// The Python tests, in an environment with all of them.
pub(super) fn python(log: &Log) -> Result<Outcome> {
    const VENV: &str = "frameworks";
    install_python(VENV, "bindings/python/tests/requirements-frameworks.txt", log)?;
    if process::find("redis-server").is_none() {
        apt(&["redis-server"], "redis-server 5 or newer")?;
    }
    let mut tests = python_of(VENV);
    tests.args(["-m", "pytest", "-q", "bindings/python/tests"]);
    tests.args([
        "--ignore=bindings/python/tests/test_conformance.py",
        "--ignore=bindings/python/tests/test_types.py",
        "--ignore=bindings/python/tests/test_wheel.py",
    ]);
    // What is not installed fails there instead of being skipped.
    tests.env("WATCHPOST_FRAMEWORKS", "1");
    log.within(LIMIT).tests(&mut tests, Dialect::Pytest)
}

/// The tests of a package of their own, which depends on all of them.
pub(super) fn node(log: &Log) -> Result<Outcome> {
    const FOLDER: &str = "bindings/node/frameworks";
    install(Language::Node, log)?;
    node_modules(FOLDER, log.path())?;
    log.within(LIMIT).tests(npm(FOLDER).arg("test"), Dialect::Node)
}
