//! The fuzz targets, two at a time, by libFuzzer where a nightly toolchain is, else by the stable runner.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

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
    // The last is taken first.
    let queue = Mutex::new(targets.iter().rev().cloned().collect::<Vec<_>>());
    let done: Mutex<Vec<Done>> = Mutex::default();
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(targets.len());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
                    let Some(target) = next else { break };
                    let (start, log) = (Instant::now(), Log::new(&format!("fuzz {target}")));
                    let said = engine.fuzz(&target, time, &log);
                    let done_now = Done { target, said, took: start.elapsed(), log };
                    done.lock().unwrap_or_else(PoisonError::into_inner).push(done_now);
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by(|a, b| a.target.cmp(&b.target));
    for Done { target, said, took, log } in done {
        let outcome = said.map(|said| {
            line(format_args!("    {target}: {said}"));
            Outcome::one()
        });
        runner.ran(&format!("fuzz {target}"), outcome, took, &log);
    }
}

/// What came of a target.
struct Done {
    target: String,
    said: Result<String>,
    took: Duration,
    log: Log,
}

impl Engine {
    fn build(log: &Log) -> Result<Self> {
        let Some(host) = nightly_host() else {
            line("    no nightly toolchain: the stable runner");
            log.run(cargo().args(["build", "--release", "--package", PACKAGE, "--bin", "fuzz-stable"]))?;
            return Ok(Self::Stable(repo::target().join("release/fuzz-stable")));
        };
        let target = repo::target().join("fuzz");
        let mut build = Command::new("rustup");
        build.current_dir(repo::root()).args(["run", "nightly", "cargo", "build", "--release"]);
        // With a target named, build scripts and macros are spared the instruments.
        build.args(["--package", PACKAGE, "--features", "libfuzzer", "--target", &host]);
        for name in all()? {
            build.args(["--bin", &name]);
        }
        build
            .arg("--target-dir")
            .arg(&target)
            .env("RUSTFLAGS", INSTRUMENTS.join(" "))
            // The release profile's link-time optimisation takes an hour over instrumented code, and gains nothing.
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_PROFILE_RELEASE_STRIP", "none")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only");
        process::must(&mut build, log.path(), BUILD_LIMIT)?;
        Ok(Self::LibFuzzer(target.join(host).join("release")))
    }

    /// Runs one target; answers how many inputs it saw.
    fn fuzz(&self, target: &str, time: Duration, log: &Log) -> Result<String> {
        // New inputs go to the first folder; the repository's corpus is only read.
        let (found, failures) = (repo::cache("fuzz/corpus").join(target), repo::cache("fuzz/failures"));
        for folder in [&found, &failures] {
            std::fs::create_dir_all(folder).at(folder)?;
        }
        let seconds = time.as_secs().to_string();
        let mut command = match self {
            Self::Stable(program) => {
                let mut command = Command::new(program);
                command.args([target, "--seconds", &seconds, "--failures"]).arg(&failures);
                command
            }
            Self::LibFuzzer(folder) => {
                let mut command = Command::new(folder.join(target));
                command
                    .arg(found)
                    .arg(repo::path("fuzz/corpus").join(target))
                    .arg(format!("-max_total_time={seconds}"))
                    .arg(format!("-artifact_prefix={}/{target}-", failures.display()))
                    .args(["-print_final_stats=1", "-timeout=60", "-max_len=8192", "-verbosity=1"])
                    // A Rust program has no one-definition rule to violate.
                    .env("ASAN_OPTIONS", "detect_odr_violation=0");
                command
            }
        };
        let status = process::logged(command.current_dir(repo::root()), log.path(), time + GRACE)?;
        if !status.success() {
            return Err(Failure::new(format!(
                "an input failed; it is in {} as {target}-*, and what was said in {}",
                failures.display(),
                log.path().display()
            )));
        }
        let said = String::from_utf8_lossy(&std::fs::read(log.path())?).into_owned();
        Ok(format!("{} in {}, none failed", inputs(&said), span(time)))
    }
}

/// What a runner says about how much it did.
fn inputs(said: &str) -> String {
    let libfuzzer = |line: &str| {
        let count = line.strip_prefix("stat::number_of_executed_units:")?;
        Some(format!("{} inputs by libFuzzer", count.trim()))
    };
    let stable = |line: &str| {
        let (_, count) = line.split_once(": ")?;
        Some(format!("{} by the stable runner", count.split_once(',')?.0))
    };
    said.lines().rev().find_map(libfuzzer).or_else(|| stable(said.lines().last()?)).unwrap_or_default()
}

/// The system that the nightly toolchain is for, if there is one: only it can instrument code.
fn nightly_host() -> Option<String> {
    let listed = process::output(Command::new("rustup").args(["toolchain", "list"])).ok()?;
    listed.lines().find(|line| line.starts_with("nightly"))?;
    let version = process::output(Command::new("rustup").args(["run", "nightly", "rustc", "-vV"])).ok()?;
    version.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned)
}

/// The targets that were asked for.
fn chosen(wanted: &[String]) -> Result<Vec<String>> {
    let all = all()?;
    if let Some(unknown) = wanted.iter().find(|name| !all.contains(name)) {
        return Err(Failure::new(format!("there is no target {unknown:?}; there are {}", all.join(", "))));
    }
    Ok(if wanted.is_empty() { all } else { wanted.to_vec() })
}

/// All targets: the folders of the corpus.
fn all() -> Result<Vec<String>> {
    let folder = repo::path("fuzz/corpus");
    let entries = std::fs::read_dir(&folder).at(&folder)?;
    let mut all: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    all.sort();
    Ok(all)
}

const PACKAGE: &str = "watchpost-fuzz";

/// What `cargo fuzz` sets, too: libFuzzer's counters and comparisons, and the address sanitizer.
const INSTRUMENTS: [&str; 8] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Zsanitizer=address",
    "-Cdebug-assertions",
    "--cfg=fuzzing",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_runners_say_how_much_they_did() {
        let said = "#1\tINITED\nstat::number_of_executed_units: 1234\nstat::average_exec_per_sec:     12\n";
        assert_eq!(inputs(said), "1234 inputs by libFuzzer");
        assert_eq!(inputs("dsn: 64 inputs, every property held\n"), "64 inputs by the stable runner");
    }

    #[test]
    fn an_unknown_target_is_answered_with_the_known_ones() {
        let error = chosen(&["x".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("envelope") && error.contains("outbox"), "{error}");
    }
}
