//! The other four languages: building their SDK into an ignored folder, and running their own tests.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::counts::Dialect;
use crate::failure::{Context as _, Failure, Result};
use crate::language::Language;
use crate::setup::{VENV, node_modules, venv};
use crate::step::{Log, Outcome};
use crate::{process, repo};

type Work = fn(&Log) -> Result<Outcome>;

const LIMIT: Duration = Duration::from_secs(20 * 60);
const WHEELS: &str = "wheels";

/// Builds the SDK of `language` and installs it where its tests and examples find it.
///
/// # Errors
/// When its build does not succeed.
pub fn install(language: Language, log: &Log) -> Result<()> {
    match language {
        Language::Rust => Ok(()),
        Language::Python => install_python(VENV, "xtask/requirements.txt", log),
        Language::Node => {
            node_modules("bindings/node", log.path())?;
            process::must(npm("bindings/node").args(["run", "build"]), log.path(), LIMIT)
        }
        Language::Kotlin | Language::Swift => {
            process::must(&mut script("bindings/uniffi/generate.sh"), log.path(), LIMIT)
        }
    }
}

/// Builds the SDK of `language` and its examples.
///
/// # Errors
/// When a build does not succeed.
pub fn build_examples(language: Language, log: &Log) -> Result<()> {
    install(language, log)?;
    match language {
        Language::Rust => super::rust::programs(log, &["example-rust-basic", "example-rust-axum"]),
        Language::Python => Ok(()),
        Language::Node => ["examples/node-basic", "examples/node-express"]
            .into_iter()
            .try_for_each(|folder| node_modules(folder, log.path())),
        Language::Kotlin => process::must(&mut script("examples/kotlin-cli/build.sh"), log.path(), LIMIT),
        Language::Swift => process::must(&mut script("examples/swift-cli/build.sh"), log.path(), LIMIT),
    }
}

/// The language's own tests.
pub(super) fn tests(language: Language) -> Vec<(&'static str, Work)> {
    match language {
        Language::Rust => Vec::new(),
        Language::Python => vec![
            ("tests", |log| {
                let mut tests = python();
                tests.args(["-m", "pytest", "-q", "bindings/python/tests"]).env("WATCHPOST_WHEEL", wheel()?);
                log.tests(&mut tests, Dialect::Pytest)
            }),
            ("stubs", |log| log.run(python().args(["-m", "mypy.stubtest", "watchpost"]))),
            ("types", |log| log.run(python().args(["-m", "mypy", "--strict", "-p", "watchpost"]))),
        ],
        Language::Node => vec![
            ("types", |log| log.run(npm("bindings/node").args(["run", "typecheck"]))),
            ("tests", |log| log.tests(npm("bindings/node").arg("test"), Dialect::Node)),
        ],
        Language::Kotlin => {
            vec![("tests", |log| log.tests(&mut script("bindings/kotlin/test.sh"), Dialect::Surefire))]
        }
        Language::Swift => {
            vec![("tests", |log| log.tests(&mut script("bindings/swift/test.sh"), Dialect::Swift))]
        }
    }
}

/// Makes the environment `.cache/NAME` of the packages in a file, and builds the SDK into it.
///
/// # Errors
/// When a package or the SDK cannot be installed.
pub fn install_python(name: &str, requirements: &str, log: &Log) -> Result<()> {
    venv(name, &repo::path(requirements), log.path())?;
    let wheels = repo::cache(WHEELS);
    if wheels.exists() {
        std::fs::remove_dir_all(&wheels).at(&wheels)?;
    }
    let mut build = python_of(name);
    // The build tool is in the environment already, so nothing is fetched.
    build.args([
        "-m",
        "pip",
        "wheel",
        "-q",
        "--disable-pip-version-check",
        "--no-build-isolation",
        "--no-deps",
    ]);
    process::must(build.arg("--wheel-dir").arg(&wheels).arg("./bindings/python"), log.path(), LIMIT)?;
    let mut install = python_of(name);
    install.args([
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "--no-deps",
        "--force-reinstall",
    ]);
    process::must(install.arg(wheel()?), log.path(), LIMIT)
}

/// The wheel that [`install_python`] built.
fn wheel() -> Result<PathBuf> {
    let wheels = repo::cache(WHEELS);
    for file in std::fs::read_dir(&wheels).at(&wheels)? {
        let file = file?.path();
        if file.extension().is_some_and(|extension| extension == "whl") {
            return Ok(file);
        }
    }
    Err(Failure::new(format!("{} holds no wheel", wheels.display())))
}

fn python() -> Command {
    python_of(VENV)
}

/// The interpreter of the environment `.cache/NAME`.
pub fn python_of(name: &str) -> Command {
    let programs = repo::cache(name).join("bin");
    let mut path = vec![programs.clone()];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let mut command = Command::new(programs.join("python"));
    command.current_dir(repo::root()).env("CARGO_TARGET_DIR", repo::target());
    // pip's build step looks for maturin there.
    if let Ok(path) = std::env::join_paths(path) {
        command.env("PATH", path);
    }
    command
}

/// npm in a folder of the repository.
pub fn npm(folder: &str) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(repo::path(folder)).env("NO_COLOR", "1");
    command
}

fn script(path: &str) -> Command {
    let mut command = Command::new(repo::path(path));
    command.current_dir(repo::root()).env("CARGO_TARGET_DIR", repo::target());
    command
}
