//! The two rule languages: which fingerprint an event gets, and which frames of a stack trace count.
//!
//! One rule a line; `#` begins a comment. Both are compiled once for a project. A pattern takes time linear in the text
//! it is tried on, and rules and their length are bounded, so no rule can make the digest slow without end.

mod builtin;
mod fingerprint;
mod frame;
mod glob;
mod line;
mod stack;

use std::fmt;

pub(super) use self::builtin::Builtin;
pub(super) use self::fingerprint::{FingerprintRule, FingerprintRules};
pub(super) use self::frame::BEFORE_RULES;
pub(super) use self::stack::{Judged, StackRules};

/// Why rules cannot be used, with the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError {
    /// Line, from 1.
    pub line: usize,
    /// Character in the line, from 1.
    pub column: usize,
    what: String,
}

impl RuleError {
    fn new(line: usize, column: usize, what: impl Into<String>) -> Self {
        Self { line, column, what: what.into() }
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.what)
    }
}

impl std::error::Error for RuleError {}
