//! Steps of a run: each timed, logged, counted; one that fails does not stop the others.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::console::{line, span};
use crate::counts::{Counts, Dialect};
use crate::failed::FailedTest;
use crate::failure::{Failure, Result};
use crate::{process, repo};

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It ran. A step that has no tests of its own counts as one.
    Ran(Counts),
    /// It ran, and something in it was wrong; the tests are those that its output names.
    Failed(Counts, Vec<FailedTest>),
    /// It could not run here, with what is missing.
    Skipped(String),
    /// A check that is good to have and is not there, which is said and no failure anywhere.
    NotRun(String),
}

/// The log of one step.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    limit: Duration,
}

/// A run of steps and what came of them.
#[derive(Debug)]
pub struct Runner {
    may_skip: bool,
    done: Vec<Done>,
}

#[derive(Debug)]
struct Done {
    name: String,
    counts: Counts,
    took: Duration,
    note: String,
    failed: Vec<String>,
}

/// The longest any one program may take: far beyond what a cold build needs, well under a CI job's own limit.
const LIMIT: Duration = Duration::from_secs(25 * 60);
/// What a failing step prints: what its tests said, and the end of its log.
const FAILED_LINES: usize = 200;
const TAIL_LINES: usize = 60;
/// The end of a log whose failed tests have been shown.
const SHORT_TAIL_LINES: usize = 15;

impl Runner {
    /// A run in which nothing may be skipped if `ci`.
    #[must_use]
    pub fn new(ci: bool) -> Self {
        Self { may_skip: !ci, done: Vec::new() }
    }

    /// Runs one step; answers whether it ran and nothing in it failed.
    pub fn step(&mut self, name: &str, work: impl FnOnce(&Log) -> Result<Outcome>) -> bool {
        let log = Log::new(name);
        line(format_args!("--> {name}"));
        let start = Instant::now();
        let outcome = work(&log);
        self.record(name, outcome, start.elapsed(), &log.path)
    }

    /// Adds a step that ran beside others, with its own log.
    pub fn ran(&mut self, name: &str, outcome: Result<Outcome>, took: Duration, log: &Log) -> bool {
        line(format_args!("--> {name}"));
        self.record(name, outcome, took, &log.path)
    }

    /// Adds a step that was not attempted because `needed` failed.
    pub fn blocked(&mut self, name: &str, needed: &str) {
        let failure = Failure::new(format!("not run, because {needed} failed"));
        self.record(name, Err(failure), Duration::ZERO, Path::new(""));
    }

    fn record(&mut self, name: &str, outcome: Result<Outcome>, took: Duration, log: &Path) -> bool {
        let mut failed = Vec::new();
        let (counts, note) = match outcome {
            Ok(Outcome::Ran(counts)) => (counts, String::new()),
            Ok(Outcome::Failed(counts, tests)) => {
                failed = tests;
                (counts, String::new())
            }
            Ok(Outcome::Skipped(why)) if self.may_skip => (Counts { skipped: 1, ..Counts::default() }, why),
            Ok(Outcome::Skipped(why)) => {
                (Counts { failed: 1, ..Counts::default() }, format!("nothing may be skipped in CI: {why}"))
            }
            Ok(Outcome::NotRun(why)) => {
                (Counts { skipped: 1, ..Counts::default() }, format!("not run: {why}"))
            }
            Err(failure) => (Counts { failed: 1, ..Counts::default() }, failure.to_string()),
        };
        let word = if counts.failed > 0 {
            "FAILED"
        } else if counts.ran() == 0 {
            "skipped"
        } else {
            "ok"
        };
        line(format_args!(
            "    {word:<8} {:>4} passed {:>3} failed {:>3} skipped   {}   {note}",
            counts.passed,
            counts.failed,
            counts.skipped,
            span(took)
        ));
        for text in FailedTest::told(&failed, FAILED_LINES) {
            line(format_args!("    | {text}"));
        }
        if counts.failed > 0 && log.is_file() {
            line(format_args!("    the end of {}:", log.display()));
            for text in tail(log, if failed.is_empty() { TAIL_LINES } else { SHORT_TAIL_LINES }) {
                line(format_args!("    | {text}"));
            }
        }
        let failed = failed.into_iter().map(|test| test.name).collect();
        self.done.push(Done { name: name.to_owned(), counts, took, note, failed });
        counts.failed == 0 && counts.ran() > 0
    }

    /// Prints the table and the closing line; answers whether nothing failed.
    #[must_use]
    pub fn finish(&self) -> bool {
        line("");
        line(format_args!("{:<24} {:>7} {:>7} {:>8}   time", "step", "passed", "failed", "skipped"));
        for done in &self.done {
            let Counts { passed, failed, skipped } = done.counts;
            let note = if done.note.is_empty() { String::new() } else { format!("   {}", done.note) };
            line(format_args!(
                "{:<24} {passed:>7} {failed:>7} {skipped:>8}   {}{note}",
                done.name,
                span(done.took)
            ));
        }
        let total = self.total();
        line(format_args!("all steps took {}", span(self.done.iter().map(|done| done.took).sum())));
        line("");
        for text in self.failed() {
            line(text);
        }
        line(closing(total));
        total.failed == 0 && total.passed > 0
    }

    /// What failed, by name: said last, so that a log which is cut still has it.
    fn failed(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for done in self.done.iter().filter(|done| done.counts.failed > 0) {
            lines.extend(done.failed.iter().map(|test| format!("FAILED {}: {test}", done.name)));
            if done.failed.is_empty() {
                let why = done.note.lines().next().unwrap_or_default();
                lines.push(format!("FAILED {}{}{why}", done.name, if why.is_empty() { "" } else { ": " }));
            }
        }
        lines
    }

    fn total(&self) -> Counts {
        self.done.iter().fold(Counts::default(), |sum, done| Counts {
            passed: sum.passed + done.counts.passed,
            failed: sum.failed + done.counts.failed,
            skipped: sum.skipped + done.counts.skipped,
        })
    }
}

impl Outcome {
    /// A step that has no tests of its own and went well.
    #[must_use]
    pub fn one() -> Self {
        Self::Ran(Counts { passed: 1, ..Counts::default() })
    }
}

impl Log {
    /// The empty log of the step called `name`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let path = repo::cache("logs").join(format!("{}.log", name.replace([' ', '/'], "-")));
        let _ = std::fs::remove_file(&path);
        Self { path, limit: LIMIT }
    }

    /// The same log for programs that may take longer, or less long.
    #[must_use]
    pub fn within(&self, limit: Duration) -> Self {
        Self { path: self.path.clone(), limit }
    }

    /// The log's file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs a program that has no test counts: it is right when it ends with 0.
    ///
    /// # Errors
    /// When it cannot be started, takes too long or ends with another status.
    pub fn run(&self, command: &mut Command) -> Result<Outcome> {
        process::must(command, &self.path, self.limit)?;
        Ok(Outcome::one())
    }

    /// Runs a test program and reads its counts.
    ///
    /// # Errors
    /// When it cannot be started, takes too long, or claims success without having run a test.
    pub fn tests(&self, command: &mut Command, dialect: Dialect) -> Result<Outcome> {
        let before = std::fs::metadata(&self.path).map_or(0, |meta| meta.len());
        let status = process::logged(command, &self.path, self.limit)?;
        let text = String::from_utf8_lossy(&std::fs::read(&self.path)?).into_owned();
        let new = text.get(usize::try_from(before).unwrap_or(0)..).unwrap_or(&text);
        judged(Counts::read(dialect, new), FailedTest::read(dialect, new), status.success())
    }
}

/// A failing program has at least one failure, and a green one at least one test.
fn judged(mut counts: Counts, failed: Vec<FailedTest>, success: bool) -> Result<Outcome> {
    if success && counts.ran() == 0 {
        return Err(Failure::new("it ran no test, which is not a pass"));
    }
    if !success && counts.failed == 0 {
        counts.failed = 1;
    }
    Ok(if counts.failed == 0 { Outcome::Ran(counts) } else { Outcome::Failed(counts, failed) })
}

fn closing(total: Counts) -> String {
    format!("{} passed, {} failed", total.passed, total.failed)
}

fn tail(log: &Path, limit: usize) -> Vec<String> {
    let text = String::from_utf8_lossy(&std::fs::read(log).unwrap_or_default()).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(limit)..].iter().map(|line| (*line).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(passed: u64) -> Result<Outcome> {
        Ok(Outcome::Ran(Counts { passed, ..Counts::default() }))
    }

    fn failed(names: &[&str]) -> Vec<FailedTest> {
        names.iter().map(|name| FailedTest { name: (*name).to_owned(), said: vec!["why".into()] }).collect()
    }

    #[test]
    fn a_failing_step_does_not_stop_the_run_and_decides_its_end() {
        let mut runner = Runner::new(false);
        assert!(runner.step("unit a", |_| ran(2)));
        assert!(!runner.step("unit b", |_| Err(Failure::new("no such file"))));
        assert!(runner.step("unit c", |_| ran(1)));
        assert_eq!(closing(runner.total()), "3 passed, 1 failed");
        assert!(!runner.finish());
    }

    #[test]
    fn a_skip_is_a_failure_in_ci_only() {
        for (ci, failed) in [(false, 0), (true, 1)] {
            let mut runner = Runner::new(ci);
            assert!(!runner.step("unit skip", |_| Ok(Outcome::Skipped("no Swift compiler".into()))));
            assert_eq!(runner.total().failed, failed);
        }
    }

    #[test]
    fn a_run_of_nothing_is_not_a_pass() {
        assert!(!Runner::new(false).finish());
        assert!(judged(Counts::default(), Vec::new(), true).is_err());
    }

    #[test]
    fn a_program_that_ends_badly_after_green_tests_has_failed() {
        let counts = Counts { passed: 4, ..Counts::default() };
        let told = Counts { failed: 1, ..counts };
        assert_eq!(judged(counts, Vec::new(), false), Ok(Outcome::Failed(told, Vec::new())));
    }

    #[test]
    fn what_failed_is_named_at_the_end() {
        let mut runner = Runner::new(true);
        let two = Counts { passed: 1, failed: 2, skipped: 0 };
        runner.step("unit named", |_| judged(two, failed(&["a (--lib)", "b (--test c)"]), false));
        runner.step("unit green", |_| ran(1));
        runner.step("unit noted", |_| Err(Failure::new("no such file\nand more")));
        runner.step("unit silent", |_| judged(Counts::default(), Vec::new(), false));
        runner.step("unit skip", |_| Ok(Outcome::Skipped("no Swift compiler".into())));
        assert_eq!(
            runner.failed(),
            [
                "FAILED unit named: a (--lib)",
                "FAILED unit named: b (--test c)",
                "FAILED unit noted: no such file",
                "FAILED unit silent",
                "FAILED unit skip: nothing may be skipped in CI: no Swift compiler",
            ]
        );
    }
}
