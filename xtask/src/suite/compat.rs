//! Real clients, as their registries have them, against the server.

use std::process::Command;

use super::rust::cargo;
use crate::counts::Dialect;
use crate::failure::Result;
use crate::language::Language;
use crate::repo;
use crate::setup::{Need, Readiness, node_modules, venv};
use crate::step::{Log, Outcome, Runner};

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
/// Kotlin's toolchain is a JDK with Maven.
const JAVA: Need = Need::Language(Language::Kotlin);

const FAMILIES: [Family; 11] = [
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
    Family { tests: "sdk_rust_", need: Need::Language(Language::Rust), seldom: &[], install: rust_program },
    Family { tests: "sdk_go_", need: Need::Go, seldom: &[], install: go_program },
    Family { tests: "sdk_java_", need: JAVA, seldom: &[], install: |log| maven("plain", log) },
    Family {
        tests: "sdk_proguard_",
        need: JAVA,
        seldom: &["sdk_proguard_"],
        install: |log| {
            node_modules("tests/compat/sentry-cli", log.path())?;
            maven("plain", log)?;
            maven("proguard", log)
        },
    },
    Family {
        tests: "sdk_spring_",
        need: JAVA,
        seldom: &["sdk_spring_"],
        install: |log| {
            maven("spring", log)?;
            maven("spring-4", log)
        },
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

fn go_program(log: &Log) -> Result<()> {
    let mut build = Command::new("go");
    build.args(["build", "-mod=readonly", "-o"]).arg(repo::cache("compat-go/shop")).arg(".");
    log.run(build.current_dir(repo::path("tests/compat/go"))).map(|_| ())
}

/// Classes and libraries of a project of `tests/compat/java`.
fn maven(project: &str, log: &Log) -> Result<()> {
    let mut maven = Command::new("mvn");
    maven.args(["--batch-mode", "--no-transfer-progress", "compile"]);
    maven.arg(format!("-Doutput={}", repo::cache("compat-java").join(project).display()));
    log.run(maven.current_dir(repo::path("tests/compat/java").join(project))).map(|_| ())
}

impl Family {
    /// Whether some of its tests are run.
    fn runs(&self, clients: Clients) -> bool {
        clients == Clients::All || !self.seldom.contains(&self.tests)
    }

    /// What it needs and is not there. The first tier does without a toolchain that only a client's test needs.
    fn missing(&self, what: String, clients: Clients) -> Outcome {
        match (self.need, clients) {
            (Need::Go, Clients::OneOfEach) => Outcome::NotRun(what),
            _ => Outcome::Skipped(what),
        }
    }
}

/// Installs the clients and runs them; the server has been built. What a family needs and is not there is a step of its
/// own, and costs the others nothing.
pub fn compat(runner: &mut Runner, clients: Clients) {
    let mut ready = Vec::new();
    for family in FAMILIES.iter().filter(|family| family.runs(clients)) {
        match family.need.ensure() {
            Readiness::Ready => ready.push(family.tests),
            Readiness::Missing(what) => {
                let name = format!("compat {}", family.tests.trim_end_matches('_'));
                runner.step(&name, |_| Ok(family.missing(what, clients)));
            }
        }
    }
    runner.step("compat", |log| run(log, clients, &ready));
}

fn run(log: &Log, clients: Clients, ready: &[&str]) -> Result<Outcome> {
    let mut command = cargo();
    command.args(["test", "--workspace", "--test", "compat", "--no-fail-fast", "--"]);
    for family in &FAMILIES {
        if !ready.contains(&family.tests) {
            command.args(["--skip", family.tests]);
            continue;
        }
        if clients == Clients::OneOfEach {
            for test in family.seldom {
                command.args(["--skip", test]);
            }
        }
        (family.install)(log)?;
    }
    log.tests(&mut command, Dialect::Cargo)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_tier_has_one_of_each_and_does_without_go() {
        let of =
            |clients| FAMILIES.iter().filter(move |family| family.runs(clients)).map(|family| family.tests);
        assert_eq!(of(Clients::All).count(), FAMILIES.len());
        let first: Vec<&str> = of(Clients::OneOfEach).collect();
        for family in
            ["sentry_cli_", "sdk_python_", "sdk_browser_", "sdk_node_", "sdk_rust_", "sdk_go_", "sdk_java_"]
        {
            assert!(first.contains(&family), "{family}");
        }
        let missing = |tests: &str, clients| {
            let family = FAMILIES.iter().find(|family| family.tests == tests).unwrap();
            family.missing("it".into(), clients)
        };
        assert_eq!(missing("sdk_go_", Clients::OneOfEach), Outcome::NotRun("it".into()));
        assert_eq!(missing("sdk_go_", Clients::All), Outcome::Skipped("it".into()));
        assert_eq!(missing("sdk_java_", Clients::OneOfEach), Outcome::Skipped("it".into()));
    }
}
