//! Patterns for names and addresses.

use std::fmt;
use std::sync::Arc;

use regex_lite::Regex;

use crate::error::{Error, Result};
use crate::fork::ForkLock;
use crate::protocol::Value;
use crate::text::Text;

/// Text that must occur, a regular expression that must match somewhere, or a name that must be the whole.
#[derive(Clone)]
pub struct Pattern(Kind);

#[derive(Clone)]
enum Kind {
    Contains(Text),
    Regex(Arc<Compiled>),
    Type(Text),
}

impl Pattern {
    /// Matches what contains `text`, in the same case.
    pub fn contains(text: impl Into<Text>) -> Self {
        Self(Kind::Contains(text.into()))
    }

    /// Matches where the regular expression does. The syntax is that of the `regex-lite` crate; without `^` and `$` it
    /// may match anywhere.
    ///
    /// # Errors
    /// When the text is no regular expression.
    pub fn regex(text: &str) -> Result<Self> {
        let refuse = |error| Error::option("pattern", format!("`{text}` is no regular expression: {error}"));
        Ok(Self(Kind::Regex(Arc::new(Compiled::new(text).map_err(refuse)?))))
    }

    /// Matches errors of this type: its name, or its full name with the module in front. Nothing else of an error counts.
    pub fn type_name(name: impl Into<Text>) -> Self {
        Self(Kind::Type(name.into()))
    }

    /// As an option is written: text that must occur, also as `{"text": "..."}`, or `{"regex": "..."}`, or
    /// `{"type": "..."}`.
    ///
    /// # Errors
    /// When it is none of them.
    pub fn from_json(value: &Value) -> Result<Self> {
        let object = value.as_object().filter(|object| object.len() == 1);
        let said = |key: &str| object.and_then(|object| object.get(key)?.as_str());
        if let Some(text) = value.as_str().or_else(|| said("text")) {
            Ok(Self::contains(text))
        } else if let Some(regex) = said("regex") {
            Self::regex(regex)
        } else if let Some(name) = said("type") {
            Ok(Self::type_name(name))
        } else {
            Err(Error::option("pattern", format!("{value} is neither text nor {{\"regex\": \"...\"}}")))
        }
    }

    /// The text that must occur, if it is one.
    pub(crate) fn as_text(&self) -> Option<&Text> {
        match &self.0 {
            Kind::Contains(text) => Some(text),
            Kind::Regex(_) | Kind::Type(_) => None,
        }
    }

    /// The type of errors that is meant, if it is one.
    pub(crate) fn as_type(&self) -> Option<&Text> {
        match &self.0 {
            Kind::Type(name) => Some(name),
            Kind::Contains(_) | Kind::Regex(_) => None,
        }
    }

    /// True if the pattern occurs in `text`, or is a name and `text` that name.
    pub fn matches(&self, text: &str) -> bool {
        match &self.0 {
            Kind::Contains(part) => text.contains(part.as_str()),
            Kind::Regex(compiled) => compiled.is_match(text),
            Kind::Type(name) => name == text,
        }
    }
}

impl From<&str> for Pattern {
    fn from(text: &str) -> Self {
        Self::contains(text)
    }
}

impl From<Text> for Pattern {
    fn from(text: Text) -> Self {
        Self::contains(text)
    }
}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Self::contains(text)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Contains(text) => write!(f, "{:?}", text.as_str()),
            Kind::Regex(compiled) => write!(f, "/{}/", compiled.template.as_str()),
            Kind::Type(name) => write!(f, "type {:?}", name.as_str()),
        }
    }
}

/// A compiled expression. It guards its scratch memory with a mutex, which a fork could leave locked for ever, so each
/// caller works with a copy of its own: the spare one, or else a new one.
struct Compiled {
    template: Regex,
    spare: ForkLock<Option<Regex>>,
}

impl Compiled {
    fn new(text: &str) -> std::result::Result<Self, regex_lite::Error> {
        Ok(Self { template: Regex::new(text)?, spare: ForkLock::default() })
    }

    fn is_match(&self, text: &str) -> bool {
        let regex = self.spare.with(Option::take).unwrap_or_else(|| self.template.clone());
        let hit = regex.is_match(text);
        let surplus = self.spare.with(|spare| spare.replace(regex));
        drop(surplus);
        hit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_occurs_and_expressions_match() {
        assert!(Pattern::contains("localhost").matches("http://localhost:8443/a"));
        assert!(!Pattern::contains("localhost").matches("http://LOCALHOST/"));
        let regex = Pattern::regex(r"^/|api\.example\.com/v[2-4]").unwrap();
        for _ in 0..2 {
            assert!(regex.matches("/orders") && regex.matches("https://api.example.com/v3/x"));
            assert!(!regex.matches("https://api.example.com/v1/x"));
        }
        assert!(Pattern::regex("(").is_err());
    }
}
