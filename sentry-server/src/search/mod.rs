//! The search language of lists: `is:unresolved level:error !browser:Chrome (timeout OR release:shop@1.*)`.
//!
//! One parser for every list; what a key means is decided by the list that is searched. Terms side by side must all hold;
//! `OR` binds weaker; brackets group. A term is free text, or `key:value` with
//!
//! - `!` before it for the opposite, `has:key` and `!has:key` for presence, `is:state` for the states of an issue;
//! - `>`, `>=`, `<`, `<=` before the value, `1..5` for a range (both ends included), `[a, b]` for any of several;
//! - `*` in an unquoted value for any text; quotes keep blanks together and take `*` and brackets as they are;
//! - `tags[Key]` for a key that has capitals or other unusual letters.

mod parse;
mod token;

pub use self::parse::parse;

/// A search line, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// Every one must hold; an empty one always does.
    All(Vec<Expr>),
    /// One of them must hold.
    Any(Vec<Expr>),
    /// A single condition.
    Term(Term),
}

/// A single condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Where it begins: the first letter is 1.
    pub column: usize,
    /// Whether the opposite is asked for.
    pub negated: bool,
    /// What is asked.
    pub ask: Ask,
}

/// What a term asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Free text.
    Text(String),
    /// `is:state`.
    Is(String),
    /// `has:key`.
    Has(Key),
    /// `key:value`.
    Filter {
        /// What is compared.
        key: Key,
        /// How.
        test: Test,
    },
}

/// What a value is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// A field if the list has one of this name, else a tag.
    Named(String),
    /// A tag for certain: `tags[name]`.
    Tag(String),
}

impl Key {
    /// Without what says that it is a tag.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Named(name) | Self::Tag(name) => name,
        }
    }
}

/// How a value is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// Like one of these.
    Any(Vec<Pattern>),
    /// `>`.
    Above(String),
    /// `>=`.
    AtLeast(String),
    /// `<`.
    Below(String),
    /// `<=`.
    AtMost(String),
    /// Both ends included.
    Range(String, String),
}

/// A value to be compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// As written, without quotes.
    pub text: String,
    /// Whether `*` stands for any text.
    pub wild: bool,
}

/// A search line that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchError {
    /// Where: the first letter is 1.
    pub column: usize,
    /// What is wrong and how to put it right.
    pub message: String,
}

impl SearchError {
    /// An error at a column.
    pub fn new(column: usize, message: impl Into<String>) -> Self {
        Self { column, message: message.into() }
    }
}

impl std::fmt::Display for SearchError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Search, column {}: {}", self.column, self.message)
    }
}

impl std::error::Error for SearchError {}

impl Pattern {
    /// Whether a text is like it, whatever the case.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let (pattern, text) = (self.text.to_lowercase(), text.to_lowercase());
        if !self.wild {
            return pattern == text;
        }
        let parts: Vec<&str> = pattern.split('*').collect();
        let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return false };
        let Some(rest) = text.strip_prefix(first) else { return false };
        let Some(mut rest) = rest.strip_suffix(last) else { return false };
        for part in &parts[1..parts.len() - 1] {
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        let wild = |text: &str| Pattern { text: text.to_owned(), wild: true };
        for (pattern, text, like) in [
            ("shop@1.*", "shop@1.2", true),
            ("*error*", "ValueError: x", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
            ("**", "", true),
            ("*", "x", true),
        ] {
            assert_eq!(wild(pattern).matches(text), like, "{pattern} {text}");
        }
        assert!(!Pattern { text: "a*".to_owned(), wild: false }.matches("ab"));
        assert!(Pattern { text: "CHROME".to_owned(), wild: false }.matches("chrome"));
    }
}
