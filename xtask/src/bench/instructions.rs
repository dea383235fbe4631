//! `cargo xtask bench instructions`: how many instructions a call takes, which a busy machine does not change.
//!
//! Callgrind counts what happens inside one function of the benchmark; the kernel's part is not in it. The figures are
//! kept in the repository and belong to one toolchain on one kind of machine: another compiler or C library may move
//! them all.

use std::collections::BTreeMap;
use std::process::Command;

use super::build;
use super::sink::Sink;
use crate::console::line;
use crate::failure::{Context as _, Failure, Result};
use crate::{process, repo};

/// Where the figures are kept.
const FILE: &str = "benches/rust/instructions.md";

/// So many per cent more are no regression yet.
const TOLERANCE: u64 = 3;

/// The least of so many counts is kept: what other threads do at the time can only add to one.
const RUNS: u32 = 3;

/// How many captures are counted; a hundred times as many breadcrumbs.
const CAPTURES: u64 = 100;

/// What is counted, in which task of the program, in which function, and how often that is called.
const CALLS: [(&str, &str, &str, u64); 7] = [
    ("capture", "instructions", "bench_case::work::capture*", CAPTURES),
    (
        "of that, scrubbing and limits",
        "instructions",
        "watchpost_core::pipeline::scrub::Scrubber::event*",
        CAPTURES,
    ),
    ("add_breadcrumb", "instructions", "bench_case::work::breadcrumb*", 100 * CAPTURES),
    ("scope fork with one tag", "instructions", "bench_case::work::fork_with_tag*", CAPTURES),
    ("sampled transaction, 10 spans", "instructions_spans", "bench_case::spans::transaction*", CAPTURES),
    ("log call", "instructions_signals", "bench_case::signals::log*", CAPTURES),
    ("metric call", "instructions_signals", "bench_case::signals::metric*", CAPTURES),
];

/// Counts, and compares with what is kept; `--write` keeps the new figures instead.
///
/// # Errors
/// When valgrind is missing, a program cannot be built or run, or a figure grew beyond the tolerance.
pub(super) fn run(write: bool) -> Result<()> {
    if process::find("valgrind").is_none() {
        return Err(Failure::new(
            "valgrind is not installed, and it is what counts instructions: `apt-get install valgrind`, or your system's like",
        ));
    }
    let program = build::rust_ours()?;
    let sink = Sink::open()?;
    let mut counted = BTreeMap::new();
    for (name, task, function, calls) in CALLS {
        let mut least = u64::MAX;
        for _ in 0..RUNS {
            least = least.min(count(&program, &sink, task, function)?);
        }
        counted.insert(name, least / calls);
    }
    let path = repo::path(FILE);
    if write {
        std::fs::write(&path, shown(&counted)?).at(&path)?;
        line(format_args!("kept in {FILE}"));
        return Ok(());
    }
    compare(&counted, &kept(&std::fs::read_to_string(&path).at(&path)?))
}

fn compare(counted: &BTreeMap<&str, u64>, kept: &BTreeMap<String, u64>) -> Result<()> {
    line(format_args!("{:<32} {:>10} {:>10}", "instructions per call", "now", "kept"));
    let mut worse = Vec::new();
    for (name, now) in counted {
        let Some(before) = kept.get(*name) else {
            return Err(Failure::new(format!("{FILE} has no row {name:?}; write it with `--write`")));
        };
        #[expect(clippy::cast_precision_loss, reason = "some hundred thousand instructions")]
        let change = *now as f64 / *before as f64 - 1.0;
        line(format_args!("{name:<32} {now:>10} {before:>10} {:>+7.1} %", change * 100.0));
        if *now * 100 > *before * (100 + TOLERANCE) {
            worse.push(*name);
        }
    }
    if worse.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "more instructions than before in: {}. If that is what the change is worth, keep the new figures with `cargo xtask bench instructions --write`",
        worse.join(", ")
    )))
}

/// The instructions inside of a function, all calls together.
fn count(program: &Command, sink: &Sink, task: &str, function: &str) -> Result<u64> {
    let spool = repo::cache("bench/spool/instructions");
    let _ = std::fs::remove_dir_all(&spool);
    let out = repo::cache("bench/callgrind.out");
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--collect-atstart=no"]);
    command
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(format!("--toggle-collect={function}"));
    command.arg(program.get_program()).arg(sink.dsn()).arg(CAPTURES.to_string()).arg(&spool).arg(task);
    process::output(&mut command)?;
    let text = std::fs::read_to_string(&out).at(&out)?;
    let totals = text
        .lines()
        .find_map(|line| line.strip_prefix("totals: ").or_else(|| line.strip_prefix("summary: ")));
    let counted = totals.and_then(|number| number.trim().parse().ok()).unwrap_or(0);
    if counted == 0 {
        return Err(Failure::new(format!("callgrind saw no call of {function}; was it renamed?")));
    }
    Ok(counted)
}

fn shown(counted: &BTreeMap<&str, u64>) -> Result<String> {
    let version = |program: &str| process::output(Command::new(program).arg("--version"));
    let mut text = format!(
        "# Instructions per call\n\nOf the benchmark's case, by callgrind, without the kernel's part. `cargo xtask bench instructions` counts again and\ncompares; with `--write` it replaces this file.\n\nCounted with {}, {}, {}.\n\n| call | instructions |\n|---|---|\n",
        version("rustc")?.trim(),
        version("valgrind")?.trim(),
        std::env::consts::ARCH,
    );
    for (name, count) in counted {
        text.push_str(&format!("| {name} | {count} |\n"));
    }
    Ok(text)
}

/// The rows of the table that is kept.
fn kept(text: &str) -> BTreeMap<String, u64> {
    let row = |line: &str| {
        let (name, count) = line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | ")?;
        Some((name.to_owned(), count.parse().ok()?))
    };
    text.lines().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grew_is_refused_and_what_is_kept_is_read_again() {
        let table =
            "# x\n\n| call | instructions |\n|---|---|\n| capture | 1000 |\n| add_breadcrumb | 10 |\n";
        let kept = kept(table);
        assert_eq!(kept.len(), 2);
        assert!(compare(&BTreeMap::from([("capture", 1030), ("add_breadcrumb", 5)]), &kept).is_ok());
        let error = compare(&BTreeMap::from([("capture", 1031)]), &kept).unwrap_err().to_string();
        assert!(error.contains("capture"), "{error}");
        assert!(compare(&BTreeMap::from([("another", 1)]), &kept).is_err());
    }
}
