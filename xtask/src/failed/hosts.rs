//! The test runners of the other languages, each with its own way of naming what failed.

use super::{FailedTest, until};

/// Sections between rulers, then a summary whose lines carry the names.
pub(super) fn pytest(lines: &[&str]) -> Vec<FailedTest> {
    let Some(summary) = lines.iter().position(|line| line.contains(" short test summary info ")) else {
        return Vec::new();
    };
    let named = lines[summary..].iter().filter_map(|line| {
        let rest = line.strip_prefix("FAILED ").or_else(|| line.strip_prefix("ERROR "))?;
        Some(rest.split_once(" - ").map_or(rest, |(name, _)| name))
    });
    let tests = named.map(|name| {
        let last = name.rsplit("::").next().unwrap_or(name);
        let before = &lines[..summary];
        let said = before.iter().position(|line| ruled(line, '_').is_some_and(|title| is_title(title, last)));
        let said = said.map_or(&[][..], |at| {
            until(&before[at + 1..], |line| ruled(line, '_').is_some() || ruled(line, '=').is_some())
        });
        FailedTest::new(name, said)
    });
    tests.collect()
}

/// The words in the middle of a line of `rule`.
fn ruled(line: &str, rule: char) -> Option<&str> {
    let inner = line.trim_matches(rule);
    let words = inner.trim();
    (inner.len() + 2 <= line.len() && inner != words && !words.is_empty()).then_some(words)
}

/// `test_a`, `TestClass.test_a`, `ERROR at setup of test_a`.
fn is_title(title: &str, name: &str) -> bool {
    title.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with([' ', '.']))
}

/// `not ok` with a block of details (TAP), or the list at the end of the readable report.
pub(super) fn node(lines: &[&str]) -> Vec<FailedTest> {
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some((_, name)) =
            line.trim_start().strip_prefix("not ok ").and_then(|rest| rest.split_once(" - "))
        else {
            continue;
        };
        let said = until(&lines[at + 1..], |line| line.trim() == "...");
        let only_holds_others = said.iter().any(|line| line.contains("failureType: 'subtestsFailed'"));
        if !only_holds_others && !name.contains(" # TODO") {
            found.push(FailedTest::new(name, said));
        }
    }
    let list = lines.iter().position(|line| line.trim() == "✖ failing tests:").unwrap_or(lines.len());
    let mut place = "";
    for (at, line) in lines.iter().enumerate().skip(list + 1) {
        if let Some(rest) = line.strip_prefix("test at ") {
            place = rest;
        } else if let Some(name) = line.strip_prefix("✖ ") {
            let said = until(&lines[at + 1..], |line| line.starts_with("test at "));
            found.push(FailedTest::new(format!("{name} at {place}"), said));
        }
    }
    found
}

/// ` FAIL  file > test`, then what it said, up to the next.
pub(super) fn vitest(lines: &[&str]) -> Vec<FailedTest> {
    let name = |line: &str| line.trim_start().strip_prefix("FAIL ").map(|name| name.trim().to_owned());
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(called) = name(line) else { continue };
        let ends = |line: &str| line.starts_with("⎯") || line.trim_start().starts_with("Test Files ");
        found.push(FailedTest::new(
            called,
            until(&lines[at + 1..], |line| name(line).is_some() || ends(line)),
        ));
    }
    found
}

/// `[ERROR] Class.test -- Time elapsed: .. <<< FAILURE!`, then the exception, up to the next line with a level.
pub(super) fn surefire(lines: &[&str]) -> Vec<FailedTest> {
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(rest) = line.strip_prefix("[ERROR] ") else { continue };
        if !(rest.contains("<<< FAILURE!") || rest.contains("<<< ERROR!")) || rest.starts_with("Tests run: ")
        {
            continue;
        }
        let name = rest.split_once(" -- ").map_or(rest, |(name, _)| name);
        let said = until(&lines[at + 1..], |line| {
            ["[ERROR]", "[INFO]", "[WARNING]"].iter().any(|l| line.starts_with(l))
        });
        found.push(FailedTest::new(name, said));
    }
    found
}

/// XCTest's `Test Case '..' failed` and Swift Testing's `✘ Test .. failed after`; what they said came before.
pub(super) fn swift(lines: &[&str]) -> Vec<FailedTest> {
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if let Some((name, _)) =
            line.strip_prefix("Test Case '").and_then(|rest| rest.split_once("' failed ("))
        {
            let said: Vec<&str> = from(&lines[..at], &format!("Test Case '{name}' started"));
            found.push(FailedTest::new(name, &said));
        } else if let Some((name, _)) =
            line.strip_prefix("✘ Test ").and_then(|rest| rest.split_once(" failed after "))
            && !name.starts_with("run with ")
        {
            let issue = format!("✘ Test {name} recorded an issue");
            let said: Vec<&str> =
                lines[..at].iter().copied().filter(|line| line.starts_with(&issue)).collect();
            found.push(FailedTest::new(name, &said));
        }
    }
    found
}

/// What follows the last of `lines` that starts with `head`.
fn from<'a>(lines: &[&'a str], head: &str) -> Vec<&'a str> {
    lines.iter().rposition(|line| line.starts_with(head)).map_or(Vec::new(), |at| lines[at + 1..].to_vec())
}

#[cfg(test)]
mod tests {
    use crate::{Dialect, FailedTest};

    fn read(dialect: Dialect, text: &str) -> Vec<(String, String)> {
        let tests = FailedTest::read(dialect, text);
        tests.into_iter().map(|test| (test.name, test.said.join("\n"))).collect()
    }

    fn owned(tests: &[(&str, &str)]) -> Vec<(String, String)> {
        tests.iter().map(|(name, said)| ((*name).to_owned(), (*said).to_owned())).collect()
    }

    #[test]
    fn pytest_names_failures_and_errors() {
        let text = "\
.FE                                                                      [100%]
==================================== ERRORS ====================================
__________________________ ERROR at setup of test_err __________________________
E   RuntimeError: no

p/test_a.py:6: RuntimeError
=================================== FAILURES ===================================
_________________________________ Fork.test_bad ________________________________

>       print(\"hello\"); assert 1 == 2
E       assert 1 == 2
----------------------------- Captured stdout call -----------------------------
hello
=========================== short test summary info ============================
FAILED p/test_a.py::Fork::test_bad - assert 1 == 2
ERROR p/test_a.py::test_err - RuntimeError: no
1 failed, 1 passed, 1 error in 0.03s
";
        let bad = ">       print(\"hello\"); assert 1 == 2\nE       assert 1 == 2\n\
                   ----------------------------- Captured stdout call -----------------------------\nhello";
        let err = "E   RuntimeError: no\n\np/test_a.py:6: RuntimeError";
        assert_eq!(
            read(Dialect::Pytest, text),
            owned(&[("p/test_a.py::Fork::test_bad", bad), ("p/test_a.py::test_err", err)])
        );
    }

    #[test]
    fn node_without_the_groups_that_only_hold_a_failure() {
        let text = "\
# Subtest: bad one
not ok 2 - bad one
  ---
  error: '1 == 2'
  ...
# Subtest: group
    # Subtest: inner - bad
    not ok 1 - inner - bad
      ---
      error: 'boom'
      ...
    1..1
not ok 3 - group
  ---
  failureType: 'subtestsFailed'
  ...
# fail 2
";
        assert_eq!(
            read(Dialect::Node, text),
            owned(&[
                ("bad one", "  ---\n  error: '1 == 2'"),
                ("inner - bad", "      ---\n      error: 'boom'")
            ])
        );
    }

    #[test]
    fn node_in_its_readable_report() {
        let text = "✖ bad one (1.2ms)\nℹ fail 1\n\n✖ failing tests:\n\ntest at test/a.test.mjs:3:1\n✖ bad one (1.2ms)\n  AssertionError\n";
        assert_eq!(
            read(Dialect::Node, text),
            owned(&[("bad one (1.2ms) at test/a.test.mjs:3:1", "  AssertionError")])
        );
    }

    #[test]
    fn vitest_names_file_and_test() {
        let text = "⎯⎯⎯⎯ Failed Tests 2 ⎯⎯⎯⎯\n\n FAIL  src/a.test.ts > list > sorts\nAssertionError: 1\n ❯ src/a.test.ts:3:1\n\n\
                    ⎯⎯⎯⎯[1/2]⎯\n\n FAIL  src/b.test.ts > opens\nError: 2\n\n⎯⎯⎯⎯[2/2]⎯\n\n Test Files  2 failed (2)\n";
        assert_eq!(
            read(Dialect::Vitest, text),
            owned(&[
                ("src/a.test.ts > list > sorts", "AssertionError: 1\n ❯ src/a.test.ts:3:1"),
                ("src/b.test.ts > opens", "Error: 2")
            ])
        );
    }

    #[test]
    fn surefire_takes_each_test_once() {
        let text = "[ERROR] Tests run: 5, Failures: 1, Errors: 0, Skipped: 0, Time elapsed: 0.2 s <<< FAILURE! -- in A\n\
                    [ERROR] A.b -- Time elapsed: 0.01 s <<< FAILURE!\norg.opentest4j.AssertionFailedError: no\n\tat A.b(A.kt:3)\n\n\
                    [INFO] Results:\n[ERROR] Failures: \n[ERROR]   A.b:3 no\n[ERROR] Tests run: 5, Failures: 1, Errors: 0, Skipped: 0\n";
        assert_eq!(
            read(Dialect::Surefire, text),
            owned(&[("A.b", "org.opentest4j.AssertionFailedError: no\n\tat A.b(A.kt:3)")])
        );
    }

    #[test]
    fn swift_in_both_frameworks() {
        let text = "Test Case 'FlushTests.testEnd' started at 2026-01-01 00:00:00.000\n/a/Flush.swift:12: error: FlushTests.testEnd : XCTAssertTrue failed\n\
                    Test Case 'FlushTests.testEnd' failed (0.1 seconds)\n✘ Test sends() recorded an issue at A.swift:3:5: Expectation failed\n\
                    ✘ Test sends() failed after 0.001 seconds with 1 issue.\n✘ Test run with 3 tests failed after 0.001 seconds with 1 issue.\n";
        assert_eq!(
            read(Dialect::Swift, text),
            owned(&[
                ("FlushTests.testEnd", "/a/Flush.swift:12: error: FlushTests.testEnd : XCTAssertTrue failed"),
                ("sends()", "✘ Test sends() recorded an issue at A.swift:3:5: Expectation failed")
            ])
        );
    }
}
