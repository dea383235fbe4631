//! Real clients, as their registries have them, against the server.

use super::rust::cargo;
use crate::counts::Dialect;
use crate::failure::Result;
use crate::language::Language;
use crate::repo;
use crate::setup::{Need, Readiness, node_modules, venv};
use crate::step::{Log, Outcome};

/// Which of the real clients are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clients {
    /// One of each family.
    OneOfEach,
    /// Every one that the tests know.
    All,
}

/// Tests that need the same things installed.
struct Family {
    /// How the names of its tests begin.
    tests: &'static str,
    need: Need,
    /// Those of its tests that only the second tier runs, by how their names begin.
    seldom: &'static [&'static str],
    install: fn(&Log) -> Result<()>,
}

const FAMILIES: [Family; 3] = [
    Family {
        tests: "sentry_cli_",
        need: Need::Language(Language::Node),
        seldom: &["sentry_cli_2_"],
        install: |log| node_modules("tests/compat/sentry-cli", log.path()),
    },
    Family {
        tests: "sdk_python_",
        need: Need::Language(Language::Python),
        seldom: &["sdk_python_django", "sdk_python_fastapi"],
        install: |log| venv("compat-python", &repo::path("tests/compat/python/requirements.txt"), log.path()),
    },
    Family {
        tests: "sdk_browser_",
        need: Need::Browser,
        seldom: &[],
        // The first one uploads its source maps.
        install: |log| {
            node_modules("tests/compat/sentry-cli", log.path())?;
            node_modules("tests/compat/browser", log.path())
        },
    },
];

/// Installs the clients and runs them; the server has been built.
///
/// # Errors
/// When one of them cannot be installed, or does not find what it should.
pub fn compat(log: &Log, clients: Clients) -> Result<Outcome> {
    let mut command = cargo();
    command.args(["test", "--workspace", "--test", "compat", "--no-fail-fast", "--"]);
    for family in &FAMILIES {
        if clients == Clients::OneOfEach {
            if family.seldom.contains(&family.tests) {
                command.args(["--skip", family.tests]);
                continue;
            }
            for test in family.seldom {
                command.args(["--skip", test]);
            }
        }
        if let Readiness::Missing(what) = family.need.ensure() {
            return Ok(Outcome::Skipped(format!("{}: {what}", family.tests)));
        }
        (family.install)(log)?;
    }
    log.tests(&mut command, Dialect::Cargo)
}
