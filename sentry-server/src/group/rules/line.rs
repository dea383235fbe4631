//! Reading one line of rules, with the column of whatever is wrong.

use super::RuleError;

/// A line of rules under the reader's eye.
#[derive(Debug)]
pub(super) struct Line<'a> {
    number: usize,
    chars: Vec<char>,
    at: usize,
    text: &'a str,
}

/// A matcher as it is written: `!stack.function:"a*"`.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) negated: bool,
    pub(super) key: String,
    pub(super) argument: String,
    /// Where it begins, from 1.
    pub(super) column: usize,
}

/// The lines that hold a rule, comments and blank ones left out.
///
/// # Errors
/// When there is more text than rules may have.
pub(super) fn lines(text: &str) -> Result<Vec<Line<'_>>, RuleError> {
    if text.len() > MAX_BYTES {
        return Err(RuleError::new(1, 1, format!("rules have at most {MAX_BYTES} bytes")));
    }
    let lines = text.lines().enumerate().filter_map(|(index, text)| {
        let rule = text.trim_start();
        (!rule.is_empty() && !rule.starts_with('#')).then(|| Line::new(index + 1, text))
    });
    let lines: Vec<_> = lines.collect();
    match lines.get(MAX_RULES) {
        Some(line) => Err(RuleError::new(line.number, 1, format!("there are at most {MAX_RULES} rules"))),
        None => Ok(lines),
    }
}

impl<'a> Line<'a> {
    fn new(number: usize, text: &'a str) -> Self {
        Self { number, chars: text.chars().collect(), at: 0, text: text.trim() }
    }

    /// The whole line.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// Where the reader is, from 1.
    pub(super) fn column(&self) -> usize {
        self.at + 1
    }

    pub(super) fn error(&self, column: usize, what: impl Into<String>) -> RuleError {
        RuleError::new(self.number, column, what)
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    /// What is not read yet.
    pub(super) fn rest(&self) -> &[char] {
        &self.chars[self.at..]
    }

    /// Goes one character on.
    pub(super) fn step(&mut self) {
        self.at += 1;
    }

    pub(super) fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// Nothing left but space and a comment.
    pub(super) fn is_done(&mut self) -> bool {
        self.skip_space();
        matches!(self.peek(), None | Some('#'))
    }

    /// Takes a text that stands here.
    pub(super) fn take(&mut self, text: &str) -> bool {
        let length = text.chars().count();
        let here = self.chars[self.at..].iter().take(length).copied();
        let found = here.eq(text.chars());
        if found {
            self.at += length;
        }
        found
    }

    /// A name of letters, digits, `_`, `-` and `.`, or a quoted one; empty when there is none.
    pub(super) fn name(&mut self) -> Result<String, RuleError> {
        if self.peek() == Some('"') {
            return self.quoted();
        }
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')) {
            self.at += 1;
        }
        Ok(self.chars[start..self.at].iter().collect())
    }

    /// A text between quotes, in which a backslash keeps the quote or backslash behind it.
    pub(super) fn quoted(&mut self) -> Result<String, RuleError> {
        let start = self.column();
        self.at += 1;
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.at += 1;
            match (c, self.peek()) {
                ('"', _) => return Ok(text),
                ('\\', Some(next @ ('"' | '\\'))) => {
                    self.at += 1;
                    text.push(next);
                }
                _ => text.push(c),
            }
        }
        Err(self.error(start, "this quote is not closed"))
    }

    /// A quoted text, or everything up to a space; in brackets, up to their end.
    fn argument(&mut self, in_brackets: bool) -> Result<String, RuleError> {
        if self.peek() == Some('"') {
            return self.quoted();
        }
        let start = self.at;
        while self.peek().is_some_and(|c| !c.is_whitespace()) {
            self.at += 1;
        }
        let word = &self.chars[start..self.at];
        let opened = word.iter().filter(|c| **c == '[').count();
        let closed = word.iter().filter(|c| **c == ']').count();
        if in_brackets && word.last() == Some(&']') && closed > opened {
            self.at -= 1;
        }
        Ok(self.chars[start..self.at].iter().collect())
    }

    /// The next matcher.
    pub(super) fn matcher(&mut self, in_brackets: bool) -> Result<Written, RuleError> {
        let column = self.column();
        let negated = self.take("!");
        let key = self.name()?;
        if key.is_empty() {
            return Err(self.error(column, "expected a matcher, like error.type:ValueError"));
        }
        if !self.take(":") {
            let what = format!("expected a colon and a pattern after {key:?}, like {key}:example*");
            return Err(self.error(self.column(), what));
        }
        let argument = self.argument(in_brackets)?;
        if argument.is_empty() {
            return Err(
                self.error(self.column(), format!("{key}: has no pattern; write \"\" for an empty one"))
            );
        }
        Ok(Written { negated, key, argument, column })
    }

    /// Matchers between brackets, the first of which is open already.
    pub(super) fn bracketed(&mut self) -> Result<Vec<Written>, RuleError> {
        let start = self.column().saturating_sub(1);
        let mut all = Vec::new();
        loop {
            self.skip_space();
            if self.take("]") {
                break;
            }
            if self.peek().is_none() {
                return Err(self.error(start, "this bracket is not closed"));
            }
            all.push(self.matcher(true)?);
        }
        if all.is_empty() {
            return Err(self.error(start, "these brackets hold no matcher"));
        }
        Ok(all)
    }
}

const MAX_BYTES: usize = 64 * 1024;
const MAX_RULES: usize = 500;
