//! The fuzz targets, two at a time, by libFuzzer where a nightly toolchain is, else by the stable runner.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use super::cargo;
use crate::console::{line, span};
use crate::failure::{Context as _, Failure, Result};
use crate::step::{Log, Outcome, Runner};
use crate::{process, repo};

/// How long the build of all targets may take, on a machine that does other things too.
const BUILD_LIMIT: Duration = Duration::from_secs(90 * 60);
/// What a run may take beyond its time.
const GRACE: Duration = Duration::from_secs(10 * 60);

/// Who chooses the inputs.
#[derive(Debug, Clone)]
enum Engine {
    /// The folder with the programs.
    LibFuzzer(PathBuf),
    /// The stable runner.
    Stable(PathBuf),
}

/// Runs `targets`, or all there are, each for `time`; a step each.
pub(super) fn run(runner: &mut Runner, targets: &[String], time: Duration) {
    let mut built = None;
    runner.step("fuzz build", |log| {
        built = Some(Engine::build(log)?);
        Ok(Outcome::one())
    });
    let Some(engine) = built else { return };
    let targets = match chosen(targets) {
        Ok(targets) => targets,
        Err(failure) => {
            runner.step("fuzz", |_| Err(failure));
            return;
        }
    };
    let queue = Mutex::new(targets.clone());
    let results: Mutex<Vec<(String, Result<String>)>> = Mutex::default();
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(targets.len());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
                    let Some(target) = next else { break };
                    let result = engine.fuzz(&target, time);
                    results.lock().unwrap_or_else(PoisonError::into_inner).push((target, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by(|a, b| a.0.cmp(&b.0));
    for (target, result) in results {
        runner.step(&format!("fuzz {target}"), |_| {
            line(format_args!("    {}", result?));
            Ok(Outcome::one())
        });
    }
}

impl Engine {
    fn build(log: &Log) -> Result<Self> {
        if !has_nightly() || process::find("cargo-fuzz").is_none() {
            line(
                "    no nightly toolchain with cargo-fuzz (cargo install --locked cargo-fuzz): the stable runner",
            );
            log.run(cargo().args([
                "build",
                "--release",
                "--package",
                "watchpost-fuzz",
                "--bin",
                "fuzz-stable",
            ]))?;
            return Ok(Self::Stable(repo::target().join("release/fuzz-stable")));
        }
        let target = repo::target().join("fuzz");
        // The release profile's link-time optimisation takes an hour over instrumented code, and gains nothing.
        let mut build = Command::new("rustup");
        build
            .current_dir(repo::root())
            .args([
                "run",
                "nightly",
                "cargo",
                "fuzz",
                "build",
                "--fuzz-dir",
                "fuzz",
                "--features",
                "libfuzzer",
            ])
            .arg("--target-dir")
            .arg(&target)
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "none");
        process::must(&mut build, log.path(), BUILD_LIMIT)?;
        let programs =
            std::fs::read_dir(&target).at(&target)?.flatten().map(|entry| entry.path().join("release"));
        let programs = programs.filter(|folder| folder.join("dsn").is_file()).last();
        programs.map(Self::LibFuzzer).ok_or_else(|| Failure::new("cargo fuzz left no programs"))
    }

    /// Runs one target; answers how many inputs it saw.
    fn fuzz(&self, target: &str, time: Duration) -> Result<String> {
        let log = Log::new(&format!("fuzz {target}"));
        let mut command = match self {
            Self::Stable(program) => Command::new(program),
            Self::LibFuzzer(folder) => Command::new(folder.join(target)),
        };
        command.current_dir(repo::root());
        match self {
            Self::Stable(_) => {
                command.arg(target).args(["--seconds", &time.as_secs().to_string()]);
            }
            Self::LibFuzzer(_) => {
                // New inputs go to the first folder; the repository's corpus is only read.
                let (found, failures) =
                    (repo::cache("fuzz/corpus").join(target), repo::cache("fuzz/failures"));
                for folder in [&found, &failures] {
                    std::fs::create_dir_all(folder).at(folder)?;
                }
                command
                    .arg(found)
                    .arg(repo::path("fuzz/corpus").join(target))
                    .arg(format!("-max_total_time={}", time.as_secs()))
                    .arg(format!("-artifact_prefix={}/{target}-", failures.display()))
                    .args(["-print_final_stats=1", "-timeout=60", "-max_len=8192", "-verbosity=1"])
                    // cargo-fuzz's own setting: a Rust program has no one-definition rule to violate.
                    .env("ASAN_OPTIONS", "detect_odr_violation=0");
            }
        }
        let status = process::logged(&mut command, log.path(), time + GRACE)?;
        let said = String::from_utf8_lossy(&std::fs::read(log.path())?).into_owned();
        if !status.success() {
            return Err(Failure::new(format!("{target} failed, see {}", log.path().display())));
        }
        Ok(format!("{target}: {} in {}", inputs(&said), span(time)))
    }
}

/// What a runner says about how much it did.
fn inputs(said: &str) -> String {
    let executed = said.lines().rev().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    match executed {
        Some(count) => format!("{} inputs by libFuzzer", count.trim()),
        None => said.lines().last().unwrap_or_default().to_owned(),
    }
}

fn has_nightly() -> bool {
    let listed = process::output(Command::new("rustup").args(["toolchain", "list"]));
    listed.is_ok_and(|list| list.lines().any(|line| line.starts_with("nightly")))
}

/// The targets are the folders of the corpus.
fn chosen(wanted: &[String]) -> Result<Vec<String>> {
    let folder = repo::path("fuzz/corpus");
    let mut all: Vec<String> = entries(&folder)?;
    all.sort();
    if let Some(unknown) = wanted.iter().find(|name| !all.contains(name)) {
        return Err(Failure::new(format!("there is no target {unknown:?}; there are {}", all.join(", "))));
    }
    Ok(if wanted.is_empty() { all } else { wanted.to_vec() })
}

fn entries(folder: &Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(folder).at(folder)?;
    Ok(entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_runners_say_how_much_they_did() {
        let said = "#1\tINITED\nstat::number_of_executed_units: 1234\nstat::average_exec_per_sec:     12\n";
        assert_eq!(inputs(said), "1234 inputs by libFuzzer");
        assert_eq!(inputs("dsn: 64 inputs, every property held\n"), "dsn: 64 inputs, every property held");
    }

    #[test]
    fn an_unknown_target_is_answered_with_the_known_ones() {
        let error = chosen(&["x".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("envelope") && error.contains("outbox"), "{error}");
    }
}
