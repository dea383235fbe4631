use std::fmt;

use crate::json::Value;
use serde::{Deserialize, Serialize};

/// What sort of event a payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventKind {
    /// Has an exception or a stack trace that says what failed.
    Error,
    /// A performance transaction; not grouped into issues.
    Transaction,
    /// What a user wrote.
    Feedback,
    /// A browser security report.
    Csp,
    /// Anything else: a message.
    Default,
}

impl EventKind {
    /// Name on the wire and in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Transaction => "transaction",
            Self::Feedback => "feedback",
            Self::Csp => "csp",
            Self::Default => "default",
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Severity, ordered from harmless to fatal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// For developers.
    Debug,
    /// Worth knowing.
    Info,
    /// Something looks wrong.
    Warning,
    /// Something failed; what an event without a level gets.
    Error,
    /// The process or the request died of it.
    Fatal,
}

impl Level {
    /// Name on the wire and in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }

    /// Reads a level by name, by a logging library's synonym, or by Python's number.
    pub(super) fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::String(name) => Self::from_name(name),
            Value::Number(number) => number.as_i64().map(|n| match n {
                i64::MIN..=10 => Self::Debug,
                11..=20 => Self::Info,
                21..=30 => Self::Warning,
                31..=40 => Self::Error,
                _ => Self::Fatal,
            }),
            _ => None,
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        const NAMES: [(&str, Level); 14] = [
            ("error", Level::Error),
            ("fatal", Level::Fatal),
            ("warning", Level::Warning),
            ("info", Level::Info),
            ("debug", Level::Debug),
            ("warn", Level::Warning),
            ("log", Level::Info),
            ("notice", Level::Info),
            ("trace", Level::Debug),
            ("verbose", Level::Debug),
            ("critical", Level::Fatal),
            ("alert", Level::Fatal),
            ("emergency", Level::Fatal),
            ("err", Level::Error),
        ];
        let name = name.trim();
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|&(_, level)| level)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use crate::json::json;

    use super::*;

    #[test]
    fn reads_names_synonyms_and_numbers() {
        assert_eq!(Level::from_json(&json!("warning")), Some(Level::Warning));
        assert_eq!(Level::from_json(&json!("WARN")), Some(Level::Warning));
        assert_eq!(Level::from_json(&json!(50)), Some(Level::Fatal));
        assert_eq!(Level::from_json(&json!("loud")), None);
        assert_eq!(Level::from_json(&json!({})), None);
        assert!(Level::Fatal > Level::Error);
    }
}
