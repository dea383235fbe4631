//! Which tests of a program failed and what they said, read from what it printed.

mod cargo;
mod hosts;

use crate::counts::{Dialect, without_colours};

/// A test that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedTest {
    /// What its runner calls it, with where it stands if that was said.
    pub name: String,
    /// What it said, one line each; empty if that cannot be told apart from what others said.
    pub said: Vec<String>,
}

/// The fewest lines that one test may say, even where many failed.
const LEAST: usize = 12;

impl FailedTest {
    /// The failed tests that `text` names, in its order; none when it names none.
    #[must_use]
    pub fn read(dialect: Dialect, text: &str) -> Vec<Self> {
        let text = without_colours(text);
        let lines: Vec<&str> = text.lines().collect();
        match dialect {
            Dialect::Cargo => cargo::read(&lines),
            Dialect::Pytest => hosts::pytest(&lines),
            Dialect::Node => hosts::node(&lines),
            Dialect::Vitest => hosts::vitest(&lines),
            Dialect::Surefire => hosts::surefire(&lines),
            Dialect::Swift => hosts::swift(&lines),
        }
    }

    /// All of `tests` in about `limit` lines: every name, and of what each said as much as fits, its middle cut first.
    #[must_use]
    pub fn told(tests: &[Self], limit: usize) -> Vec<String> {
        let share = (limit / tests.len().max(1)).saturating_sub(1).max(LEAST);
        let mut lines = Vec::new();
        for (at, test) in tests.iter().enumerate() {
            if lines.len() >= limit {
                lines.push(format!("and {} more", tests.len() - at));
                break;
            }
            lines.push(test.name.clone());
            let said = &test.said;
            if said.len() <= share {
                lines.extend(said.iter().map(|line| format!("    {line}")));
                continue;
            }
            let (first, last) = (share.div_ceil(2), share / 2 - 1);
            lines.extend(said[..first].iter().map(|line| format!("    {line}")));
            lines.push(format!("    .. {} lines ..", said.len() - first - last));
            lines.extend(said[said.len() - last..].iter().map(|line| format!("    {line}")));
        }
        lines
    }

    fn new(name: impl Into<String>, said: &[&str]) -> Self {
        let blank = |line: &&&str| line.trim().is_empty();
        let start = said.iter().take_while(blank).count();
        let end = said.len() - said[start..].iter().rev().take_while(blank).count();
        Self { name: name.into(), said: said[start..end].iter().map(|line| (*line).to_owned()).collect() }
    }
}

/// The lines of `lines` up to the first that `ends`.
fn until<'a, 'b>(lines: &'b [&'a str], ends: impl Fn(&str) -> bool) -> &'b [&'a str] {
    let end = lines.iter().position(|line| ends(line)).unwrap_or(lines.len());
    &lines[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(name: &str, lines: usize) -> FailedTest {
        FailedTest { name: name.into(), said: (0..lines).map(|number| format!("{name}{number}")).collect() }
    }

    #[test]
    fn one_test_may_say_all_there_is_room_for() {
        let told = FailedTest::told(&[test("a", 150)], 200);
        assert_eq!(told.len(), 151);
        assert_eq!((told[0].as_str(), told[150].as_str()), ("a", "    a149"));
    }

    #[test]
    fn what_is_too_long_loses_its_middle() {
        let told = FailedTest::told(&[test("a", 1000), test("b", 1)], 40);
        assert_eq!(told[1], "    a0");
        assert_eq!(told[11], "    .. 982 lines ..");
        assert_eq!(told[19..], ["    a999", "b", "    b0"]);
    }

    #[test]
    fn many_tests_are_counted_when_there_is_no_room() {
        let many: Vec<_> = (0..50).map(|_| test("a", 100)).collect();
        let told = FailedTest::told(&many, 100);
        assert!(told.len() < 115, "{}", told.len());
        assert_eq!(told.last().map(String::as_str), Some("and 42 more"));
    }

    #[test]
    fn a_green_run_names_none() {
        for dialect in Dialect::ALL {
            let text =
                "test a ... ok\ntest result: ok. 1 passed; 0 failed\nok 1 - a\n1 passed in 0.1s\n✔ a (1ms)\n";
            assert_eq!(FailedTest::read(dialect, text), []);
        }
    }
}
