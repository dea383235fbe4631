//! Any line of a search, and any text to be compared with behind its first line break: understood, or refused at a column
//! of the line; never a panic, and no deeper than what recursion can take.

use watchpost_server::search::{Ask, Expr, Test, parse};

/// Levels of brackets in what was understood.
const MAX_LEVELS: usize = 64;

pub(crate) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (line, other) = text.split_once('\n').unwrap_or((&text, "shop@1.2 *TimeoutError*"));
    let columns = 1..=line.chars().count() + 1;
    match parse(line) {
        Err(error) => {
            assert!(columns.contains(&error.column), "{error} of {} letters", columns.end() - 1);
            assert!(!error.message.is_empty());
        }
        Ok(expr) => {
            check(&expr, other, columns.end() - 1, 0);
            assert_eq!(parse(line), Ok(expr), "a line has one meaning");
        }
    }
}

fn check(expr: &Expr, other: &str, letters: usize, level: usize) {
    assert!(level <= 2 * MAX_LEVELS, "deeper than brackets may be");
    match expr {
        Expr::All(all) | Expr::Any(all) => all.iter().for_each(|expr| check(expr, other, letters, level + 1)),
        Expr::Term(term) => {
            assert!((1..=letters).contains(&term.column), "column {} of {letters}", term.column);
            if let Ask::Filter { test: Test::Any(patterns), .. } = &term.ask {
                for pattern in patterns {
                    let own = if pattern.wild { pattern.text.replace('*', "") } else { pattern.text.clone() };
                    assert!(pattern.matches(&own), "{pattern:?} is like itself");
                    std::hint::black_box(pattern.matches(other));
                }
            }
        }
    }
}
