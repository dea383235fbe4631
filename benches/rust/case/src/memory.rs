//! Memory over many captures.

use std::time::Duration;

use crate::work::{Side, crumbs, fail};

/// Resident kilobytes at the start, after a tenth, and at the end.
///
/// The first event is out of the way before: whoever names its frames reads the program's symbol tables for it, in the
/// background perhaps, which takes tens of megabytes once and says nothing about the captures that follow.
pub(crate) fn run(side: &impl Side, captures: u64) {
    crumbs(side, 0);
    fail(side, 0);
    // False where nobody listens.
    side.flush(FIRST);
    let start = resident_kilobytes();
    let mut early = start;
    for number in 0..captures {
        fail(side, number);
        if number == captures / 10 {
            early = resident_kilobytes();
        }
    }
    let end = resident_kilobytes();
    println!("{{\"start\":{start},\"early\":{early},\"end\":{end}}}");
    // What is left is not the question.
    std::process::exit(0);
}

pub(crate) fn resident_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Long enough to look up ten frames on a loaded machine.
const FIRST: Duration = Duration::from_secs(5);
