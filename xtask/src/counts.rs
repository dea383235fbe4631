//! How many tests a program ran, read from what it printed.

/// Tests that passed, failed and were skipped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tests that ran and were right.
    pub passed: u64,
    /// Tests that ran and were wrong.
    pub failed: u64,
    /// Tests that did not run.
    pub skipped: u64,
}

/// Whose words to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `cargo test`: one result line per test program, all added up.
    Cargo,
    /// `pytest`: the last summary line.
    Pytest,
    /// `node --test`: the last `pass`, `fail`, `skipped`, `todo` lines.
    Node,
    /// `vitest run`: the last `Tests` line.
    Vitest,
    /// Maven Surefire: the last line that names no class.
    Surefire,
    /// `swift test`: XCTest's last total and Swift Testing's, added up.
    Swift,
}

impl Dialect {
    /// Every one.
    pub const ALL: [Self; 6] =
        [Self::Cargo, Self::Pytest, Self::Node, Self::Vitest, Self::Surefire, Self::Swift];
}

impl Counts {
    /// Reads the counts out of `text`; zeros when there are none.
    #[must_use]
    pub fn read(dialect: Dialect, text: &str) -> Self {
        let text = without_colours(text);
        match dialect {
            Dialect::Cargo => cargo(&text),
            Dialect::Pytest => pytest(&text),
            Dialect::Node => node(&text),
            Dialect::Vitest => vitest(&text),
            Dialect::Surefire => surefire(&text),
            Dialect::Swift => swift(&text),
        }
    }

    /// Everything that ran.
    #[must_use]
    pub fn ran(self) -> u64 {
        self.passed + self.failed
    }

    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

fn cargo(text: &str) -> Counts {
    let mut total = Counts::default();
    for line in text.lines().filter(|line| line.trim_start().starts_with("test result: ")) {
        total.add(Counts {
            passed: before(line, "passed"),
            failed: before(line, "failed"),
            skipped: before(line, "ignored"),
        });
    }
    total
}

fn pytest(text: &str) -> Counts {
    let is_summary = |line: &&str| {
        let line = line.trim_matches(|c: char| c == '=' || c.is_whitespace());
        line.starts_with(|c: char| c.is_ascii_digit())
            && line.contains(" in ")
            && ["passed", "failed", "error", "skipped"].iter().any(|word| line.contains(word))
    };
    let Some(line) = text.lines().rev().find(is_summary) else { return Counts::default() };
    Counts {
        passed: before(line, "passed") + before(line, "xfailed"),
        failed: before(line, "failed")
            + before(line, "error")
            + before(line, "errors")
            + before(line, "xpassed"),
        skipped: before(line, "skipped"),
    }
}

fn node(text: &str) -> Counts {
    let last = |word: &str| {
        text.lines()
            .rev()
            .find_map(|line| {
                let mut words = line.split_whitespace();
                let mark = words.next()?;
                (matches!(mark, "#" | "ℹ") && words.next()? == word)
                    .then(|| words.next()?.parse::<u64>().ok())?
            })
            .unwrap_or(0)
    };
    Counts {
        passed: last("pass"),
        failed: last("fail") + last("cancelled"),
        skipped: last("skipped") + last("todo"),
    }
}

fn vitest(text: &str) -> Counts {
    let Some(line) = text.lines().rev().find(|line| line.trim_start().starts_with("Tests ")) else {
        return Counts::default();
    };
    Counts {
        passed: before(line, "passed"),
        failed: before(line, "failed"),
        skipped: before(line, "skipped"),
    }
}

fn surefire(text: &str) -> Counts {
    let is_total = |line: &&str| line.contains("Tests run: ") && !line.contains("Time elapsed");
    let Some(line) = text.lines().rev().find(is_total) else { return Counts::default() };
    let field = |name: &str| {
        line.split_once(name)
            .map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit).collect::<String>())
            .and_then(|digits| digits.parse::<u64>().ok())
            .unwrap_or(0)
    };
    let failed = field("Failures: ") + field("Errors: ");
    let skipped = field("Skipped: ");
    Counts { passed: field("Tests run: ").saturating_sub(failed + skipped), failed, skipped }
}

fn swift(text: &str) -> Counts {
    let mut total = Counts::default();
    // XCTest prints one total per nested suite; the last one is of all.
    if let Some(line) = text.lines().rev().find(|line| line.trim_start().starts_with("Executed ")) {
        let ran = after(line, "Executed");
        let failed = line
            .split_whitespace()
            .zip(line.split_whitespace().skip(1))
            .find(|(_, next)| next.starts_with("failure"))
            .and_then(|(number, _)| number.parse::<u64>().ok())
            .unwrap_or(0)
            .min(ran);
        let skipped = before(line, "skipped")
            .max(before_two(line, "tests", "skipped"))
            .max(before_two(line, "test", "skipped"));
        total.add(Counts { passed: ran.saturating_sub(failed + skipped), failed, skipped });
    }
    if let Some(line) = text.lines().rev().find(|line| line.contains("Test run with ")) {
        let ran = after(line, "with");
        // It counts issues, not tests: at least one test failed.
        let failed = if line.contains(" failed ") {
            line.rsplit_once("with ").map_or(1, |(_, rest)| leading(rest)).clamp(1, ran.max(1))
        } else {
            0
        };
        total.add(Counts { passed: ran.saturating_sub(failed), failed, skipped: 0 });
    }
    total
}

/// The number in front of `word`, as in `3 passed`.
fn before(line: &str, word: &str) -> u64 {
    let words: Vec<&str> =
        line.split_whitespace().map(|part| part.trim_matches([',', ';', '.', '=', '|', '(', ')'])).collect();
    words.windows(2).find(|pair| pair[1] == word).and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
}

fn before_two(line: &str, first: &str, second: &str) -> u64 {
    let words: Vec<&str> = line.split_whitespace().collect();
    words
        .windows(3)
        .find(|w| w[1] == first && w[2].starts_with(second))
        .and_then(|w| w[0].parse().ok())
        .unwrap_or(0)
}

fn after(line: &str, word: &str) -> u64 {
    let mut words = line.split_whitespace().skip_while(|part| *part != word);
    words.nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn leading(text: &str) -> u64 {
    text.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0)
}

/// `text` without the sequences that colour a terminal.
pub(crate) fn without_colours(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("\u{1b}[") {
        out.push_str(&rest[..start]);
        let tail = &rest[start + 2..];
        let end = tail.find(|c: char| c.is_ascii_alphabetic()).map_or(tail.len(), |at| at + 1);
        rest = &tail[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: u64, failed: u64, skipped: u64) -> Counts {
        Counts { passed, failed, skipped }
    }

    #[test]
    fn cargo_adds_up_every_test_program() {
        let text = "running 2 tests\ntest result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
                    test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 4 filtered out; finished in 0.1s\n";
        assert_eq!(Counts::read(Dialect::Cargo, text), counts(5, 1, 1));
    }

    #[test]
    fn pytest_quiet_and_loud() {
        assert_eq!(Counts::read(Dialect::Pytest, "....\n4 passed in 0.12s\n"), counts(4, 0, 0));
        let loud = "==== \u{1b}[31m1 failed\u{1b}[0m, 10 passed, 2 skipped, 1 error in 3.20s ====\n";
        assert_eq!(Counts::read(Dialect::Pytest, loud), counts(10, 2, 2));
    }

    #[test]
    fn pytest_does_not_read_a_test_s_own_words() {
        assert_eq!(Counts::read(Dialect::Pytest, "it passed in my head\n"), counts(0, 0, 0));
    }

    #[test]
    fn node_in_both_reporters() {
        let spec = "✔ works\nℹ tests 4\nℹ pass 3\nℹ fail 1\nℹ cancelled 0\nℹ skipped 0\nℹ todo 0\n";
        assert_eq!(Counts::read(Dialect::Node, spec), counts(3, 1, 0));
        assert_eq!(Counts::read(Dialect::Node, "# pass 7\n# fail 0\n# skipped 2\n"), counts(7, 0, 2));
    }

    #[test]
    fn vitest_with_colours() {
        let text = " Test Files  2 passed (2)\n\u{1b}[2m      Tests \u{1b}[22m \u{1b}[31m1 failed\u{1b}[39m | \u{1b}[32m7 passed\u{1b}[39m (8)\n";
        assert_eq!(Counts::read(Dialect::Vitest, text), counts(7, 1, 0));
    }

    #[test]
    fn surefire_takes_the_total() {
        let text = "[INFO] Tests run: 3, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.2 s -- in A\n\
                    [ERROR] Tests run: 5, Failures: 1, Errors: 1, Skipped: 1\n";
        assert_eq!(Counts::read(Dialect::Surefire, text), counts(2, 2, 1));
    }

    #[test]
    fn swift_adds_both_frameworks() {
        let text = "\t Executed 2 tests, with 1 failure (0 unexpected) in 0.01 (0.01) seconds\n\
                    \t Executed 12 tests, with 1 failure (0 unexpected) in 0.1 (0.1) seconds\n\
                    ✔ Test run with 3 tests passed after 0.1 seconds.\n";
        assert_eq!(Counts::read(Dialect::Swift, text), counts(14, 1, 0));
        let bad = "✘ Test run with 3 tests in 1 suite failed after 0.001 seconds with 2 issues.\n";
        assert_eq!(Counts::read(Dialect::Swift, bad), counts(1, 2, 0));
        let skip =
            "Executed 4 tests, with 1 test skipped and 0 failures (0 unexpected) in 0.1 (0.1) seconds\n";
        assert_eq!(Counts::read(Dialect::Swift, skip), counts(3, 0, 1));
    }

    #[test]
    fn silence_is_zero() {
        for dialect in Dialect::ALL {
            assert_eq!(Counts::read(dialect, "Finished.\n"), counts(0, 0, 0));
        }
    }
}
