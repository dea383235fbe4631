//! `cargo test`: several test programs one after the other, each with its own list of failures.

use super::{FailedTest, until};

/// How much of a panic is shown when nothing says where a test's own words end (`--nocapture`).
const PANIC_LINES: usize = 15;

pub(super) fn read(lines: &[&str]) -> Vec<FailedTest> {
    let mut found: Vec<FailedTest> = Vec::new();
    // The failures of the program that is being read, and where its output starts.
    let (mut program, mut start, mut unplaced) = ("", 0, 0);
    for (at, line) in lines.iter().enumerate() {
        if let Some(name) = running(line) {
            (program, start, unplaced) = (name, at, found.len());
        } else if *line == "failures:" {
            let listed = until(&lines[at + 1..], |line| !line.starts_with("    "));
            for name in listed.iter().map(|name| name.trim()) {
                found.push(FailedTest::new(name, said(name, &lines[start..at])));
            }
        } else if let Some((_, place)) = line.split_once("test failed, to rerun pass `") {
            let place = place.trim_end_matches('`');
            if unplaced == found.len() {
                let why = until(&lines[at..], |line| running(line).is_some());
                found.push(FailedTest::new(
                    format!("{program} as a whole"),
                    &why[..why.len().min(PANIC_LINES)],
                ));
            }
            for test in &mut found[unplaced..] {
                test.name = format!("{} ({place})", test.name);
            }
            (start, unplaced) = (at, found.len());
        }
    }
    found
}

/// The program that cargo says it starts.
fn running(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let rest = line.strip_prefix("Running ").or_else(|| line.strip_prefix("Doc-tests "))?;
    Some(rest.split_once(" (").map_or(rest, |(name, _)| name))
}

fn said<'a, 'b>(name: &str, lines: &'b [&'a str]) -> &'b [&'a str] {
    let head = format!("---- {name} stdout ----");
    if let Some(at) = lines.iter().position(|line| *line == head) {
        return until(&lines[at + 1..], |line| line == "failures:" || is_head(line));
    }
    let head = format!("thread '{name}' ");
    let Some(at) = lines.iter().position(|line| line.starts_with(&head)) else { return &[] };
    &lines[at..lines.len().min(at + PANIC_LINES)]
}

fn is_head(line: &str) -> bool {
    line.starts_with("---- ") && line.ends_with(" stdout ----")
}

#[cfg(test)]
mod tests {
    use crate::{Dialect, FailedTest};

    fn read(text: &str) -> Vec<(String, Vec<String>)> {
        FailedTest::read(Dialect::Cargo, text).into_iter().map(|test| (test.name, test.said)).collect()
    }

    const TWO_PROGRAMS: &str = "\
     Running unittests src/lib.rs (target/debug/deps/core-2eeb798e46b18181)

running 3 tests
test t::b ... ok
test t::c ... FAILED
test t::a ... FAILED

failures:

---- t::c stdout ----
Error: \"no\"

---- t::a stdout ----
hi

thread 't::a' (18371) panicked at src/lib.rs:1:55:
assertion `left == right` failed


failures:
    t::a
    t::c

test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.26s

error: test failed, to rerun pass `-p core --lib`
     Running tests/good.rs (target/debug/deps/good-4a3263239a9aa4d0)

running 1 test
test s ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

     Running tests/late.rs (target/debug/deps/late-4a3263239a9aa4d0)

running 1 test
test s ... FAILED

failures:

---- s stdout ----
x

failures:
    s

test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.17s

error: test failed, to rerun pass `-p core --test late`
error: 2 targets failed:
    `-p core --lib`
    `-p core --test late`
";

    #[test]
    fn each_program_s_failures_with_what_they_said() {
        let panic = ["hi", "", "thread 't::a' (18371) panicked at src/lib.rs:1:55:"];
        let found = read(TWO_PROGRAMS);
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].0, "t::a (-p core --lib)");
        assert_eq!(found[0].1[..3], panic);
        assert_eq!(found[0].1.len(), 4);
        assert_eq!(found[1], ("t::c (-p core --lib)".into(), vec!["Error: \"no\"".into()]));
        assert_eq!(found[2], ("s (-p core --test late)".into(), vec!["x".into()]));
    }

    #[test]
    fn a_program_that_was_killed_is_named_though_no_test_is() {
        let text = "     Running tests/seg.rs (target/debug/deps/seg-1c537a497a709964)\n\nrunning 1 test\n\
                    error: test failed, to rerun pass `--test seg`\n\nCaused by:\n  \
                    process didn't exit successfully: `seg` (signal: 11, SIGSEGV: invalid memory reference)\n   \
                    Doc-tests core\n\nrunning 0 tests\n";
        let found = read(text);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, "tests/seg.rs as a whole (--test seg)");
        assert!(found[0].1.last().unwrap().contains("SIGSEGV"));
    }

    #[test]
    fn uncaptured_output_is_searched_for_the_panic() {
        let text = "     Running tests/e2e.rs (target/debug/deps/e2e-1c537a497a709964)\n\nrunning 1 test\nchatter\n\n\
                    thread 's' (18410) panicked at tests/other.rs:1:18:\nlost an event\ntest s ... FAILED\n\nfailures:\n\n\
                    failures:\n    s\n\ntest result: FAILED. 0 passed; 1 failed;\n\nerror: test failed, to rerun pass `--test e2e`\n";
        let found = read(text);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, "s (--test e2e)");
        assert_eq!(found[0].1[1], "lost an event");
    }

    #[test]
    fn doc_tests_have_names_with_blanks() {
        let text = "   Doc-tests watchpost\n\nrunning 1 test\ntest sentry/src/lib.rs - init (line 12) ... FAILED\n\nfailures:\n\n\
                    ---- sentry/src/lib.rs - init (line 12) stdout ----\nerror[E0425]\n\nfailures:\n    sentry/src/lib.rs - init (line 12)\n\n\
                    test result: FAILED. 0 passed; 1 failed;\n\nerror: doctest failed, to rerun pass `-p watchpost --doc`\n";
        let found = read(text);
        assert_eq!(
            found,
            [("sentry/src/lib.rs - init (line 12) (-p watchpost --doc)".into(), vec!["error[E0425]".into()])]
        );
    }
}
