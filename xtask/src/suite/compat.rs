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

const NODE: Need = Need::Language(Language::Node);
const PYTHON: Need = Need::Language(Language::Python);

const FAMILIES: [Family; 7] = [
    Family {
        tests: "sentry_cli_",
        need: NODE,
        seldom: &["sentry_cli_2_"],
        install: |log| node_modules("tests/compat/sentry-cli", log.path()),
    },
    Family {
        tests: "sdk_python_",
        need: PYTHON,
        seldom: &["sdk_python_django", "sdk_python_fastapi"],
        install: |log| packages("compat-python", "tests/compat/python/requirements.txt", log),
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
    Family {
        tests: "sdk_node_",
        need: NODE,
        seldom: &["sdk_node_express_in_transactions"],
        // One of its tests uploads with sentry-cli.
        install: |log| {
            node_modules("tests/compat/sentry-cli", log.path())?;
            node_modules("tests/compat/node", log.path())
        },
    },
    Family {
        tests: "otel_python_",
        need: PYTHON,
        seldom: &[],
        install: |log| packages("compat-otel-python", "tests/compat/otel/python/requirements.txt", log),
    },
    Family {
        tests: "otel_node_",
        need: NODE,
        seldom: &["otel_node_"],
        install: |log| node_modules("tests/compat/otel/node", log.path()),
    },
    Family {
        tests: "sdk_rust_",
        need: Need::Language(Language::Rust),
        seldom: &["sdk_rust_"],
        install: rust_program,
    },
];

fn packages(name: &str, requirements: &str, log: &Log) -> Result<()> {
    venv(name, &repo::path(requirements), log.path())
}

/// Built apart from the product: another lock file, another output folder.
fn rust_program(log: &Log) -> Result<()> {
    let mut build = cargo();
    build.args(["build", "--locked", "--manifest-path", "tests/compat/rust/Cargo.toml"]);
    log.run(build.env("CARGO_TARGET_DIR", repo::cache("compat-rust"))).map(|_| ())
}

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
