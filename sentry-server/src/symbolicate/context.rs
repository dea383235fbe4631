//! Source lines around a frame's.

use crate::json::Map;

/// Up to five lines before, the line, up to five lines after; long lines are cut.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Context {
    before: Vec<String>,
    line: String,
    after: Vec<String>,
}

impl Context {
    /// Around line `at`, counted from 0; `None` where the file has no such line.
    pub(super) fn of<'a>(at: usize, line: impl Fn(usize) -> Option<&'a str>) -> Option<Self> {
        let own = cut(line(at)?);
        let before = (at.saturating_sub(LINES)..at).filter_map(&line).map(cut).collect();
        // What follows the last line break of a file is no line.
        let is_line =
            |number: &usize| line(*number).is_some_and(|text| !text.is_empty() || line(number + 1).is_some());
        let after = (at + 1..=at + LINES).take_while(is_line).filter_map(&line).map(cut).collect();
        Some(Self { before, line: own, after })
    }

    /// Puts the lines of a resolved frame in the place of those that it had.
    pub(super) fn put(context: Option<Self>, frame: &mut Map) {
        match context {
            Some(Self { before, line, after }) => {
                frame.insert("pre_context".into(), before.into());
                frame.insert("context_line".into(), line.into());
                frame.insert("post_context".into(), after.into());
            }
            None => {
                for name in ["pre_context", "context_line", "post_context"] {
                    frame.remove(name);
                }
            }
        }
    }
}

fn cut(line: &str) -> String {
    let line = line.trim_end_matches(['\r', '\n']);
    match line.char_indices().nth(MAX_LINE_CHARS) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    }
}

const LINES: usize = 5;
const MAX_LINE_CHARS: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_around_are_as_many_as_there_are() {
        let lines: Vec<&str> = "a\r\nb\nc\n".split('\n').collect();
        let context = |at: usize| Context::of(at, |number| lines.get(number).copied());
        let at_1 = context(1).unwrap();
        assert_eq!(
            (at_1.before, at_1.line.as_str(), at_1.after),
            (vec!["a".to_owned()], "b", vec!["c".to_owned()])
        );
        assert_eq!(context(4), None);
        let long = "x".repeat(400);
        assert_eq!(Context::of(0, |number| (number == 0).then_some(long.as_str())).unwrap().line.len(), 303);
    }
}
