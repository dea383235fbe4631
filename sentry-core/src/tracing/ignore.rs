//! Spans that are never started.

use crate::error::{Error, Result};
use crate::protocol::{Data, Value};
use crate::text::Text;
use crate::tracing::Pattern;

/// One rule of `ignore_spans`: all that is said must hold (filtering, published span spec).
#[derive(Debug, Clone, Default)]
pub struct IgnoreSpan {
    name: Option<Pattern>,
    op: Option<Pattern>,
    attributes: Vec<(Text, Wanted)>,
}

#[derive(Debug, Clone)]
enum Wanted {
    Text(Pattern),
    Exactly(Value),
}

impl IgnoreSpan {
    /// A rule about the span's name: a transaction's name, a child's description, or its operation if it has none.
    pub fn named(pattern: impl Into<Pattern>) -> Self {
        Self { name: Some(pattern.into()), ..Self::default() }
    }

    /// A rule that says nothing yet, and so ignores nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// As an option is written: a pattern for the name, or an object of `name`, `op` and `attributes`.
    ///
    /// # Errors
    /// When it is neither.
    pub fn from_json(value: &Value) -> Result<Self> {
        let Some(object) = value.as_object().filter(|object| !object.contains_key("regex")) else {
            return Pattern::from_json(value).map(Self::named);
        };
        let mut rule = Self::new();
        for (key, value) in object {
            rule = match key.as_str() {
                "name" => rule.name(Pattern::from_json(value)?),
                "op" => rule.op(Pattern::from_json(value)?),
                "attributes" => {
                    let wanted = value.as_object().ok_or_else(|| refuse("attributes", value))?;
                    wanted.iter().try_fold(rule, |rule, (key, value)| {
                        Ok(match value {
                            Value::Object(_) => rule.attribute_like(key.as_str(), Pattern::from_json(value)?),
                            other => rule.attribute(key.as_str(), other.clone()),
                        })
                    })?
                }
                other => return Err(refuse(other, value)),
            };
        }
        Ok(rule)
    }

    /// Also asks for this name.
    #[must_use]
    pub fn name(mut self, pattern: impl Into<Pattern>) -> Self {
        self.name = Some(pattern.into());
        self
    }

    /// Also asks for this operation.
    #[must_use]
    pub fn op(mut self, pattern: impl Into<Pattern>) -> Self {
        self.op = Some(pattern.into());
        self
    }

    /// Also asks for an attribute that is text and matches.
    #[must_use]
    pub fn attribute_like(mut self, key: impl Into<Text>, pattern: impl Into<Pattern>) -> Self {
        self.attributes.push((key.into(), Wanted::Text(pattern.into())));
        self
    }

    /// Also asks for an attribute with exactly this value; text need only occur.
    #[must_use]
    pub fn attribute(mut self, key: impl Into<Text>, value: Value) -> Self {
        let wanted = match value {
            Value::String(text) => Wanted::Text(Pattern::contains(text)),
            other => Wanted::Exactly(other),
        };
        self.attributes.push((key.into(), wanted));
        self
    }

    fn matches(&self, name: &str, op: &str, attributes: &Data) -> bool {
        let says_something = self.name.is_some() || self.op.is_some() || !self.attributes.is_empty();
        says_something
            && self.name.as_ref().is_none_or(|pattern| pattern.matches(name))
            && self.op.as_ref().is_none_or(|pattern| pattern.matches(op))
            && self.attributes.iter().all(|(key, wanted)| match (wanted, attributes.get(key.as_str())) {
                (Wanted::Text(pattern), Some(Value::String(text))) => pattern.matches(text),
                (Wanted::Exactly(value), Some(found)) => value == found,
                _ => false,
            })
    }
}

impl From<Pattern> for IgnoreSpan {
    fn from(pattern: Pattern) -> Self {
        Self::named(pattern)
    }
}

impl From<&str> for IgnoreSpan {
    fn from(text: &str) -> Self {
        Self::named(text)
    }
}

/// True if a rule says that a span like this is not to be started.
pub(crate) fn is_ignored(rules: &[IgnoreSpan], name: &str, op: &str, attributes: &Data) -> bool {
    let name = if name.is_empty() { op } else { name };
    rules.iter().any(|rule| rule.matches(name, op, attributes))
}

fn refuse(key: &str, value: &Value) -> Error {
    let text = format!("`{key}` with {value} is no part of a rule; it has `name`, `op` and `attributes`");
    Error::option("ignore_spans", text)
}
