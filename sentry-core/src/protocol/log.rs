//! One line of a structured log.

use serde::{Deserialize, Serialize};

use super::ids::optional_hex;
use super::lists::wire_names;
use super::{Attributes, Timestamp};
use crate::text::Text;

wire_names! {
    /// How bad a log line is. Not an event's [`Level`](crate::Level): logs know `trace`, and say `warn`.
    pub enum LogLevel {
        /// Every step. Severity number 1.
        Trace = "trace",
        /// For developers. Severity number 5.
        Debug = "debug",
        /// Worth knowing. Severity number 9.
        Info = "info",
        /// Something is off. Severity number 13.
        Warn = "warn",
        /// Something failed. Severity number 17.
        Error = "error",
        /// The process cannot go on. Severity number 21.
        Fatal = "fatal",
    }
}

impl LogLevel {
    /// The severity number of OpenTelemetry.
    pub const fn severity_number(self) -> u8 {
        match self {
            Self::Trace => 1,
            Self::Debug => 5,
            Self::Info => 9,
            Self::Warn => 13,
            Self::Error => 17,
            Self::Fatal => 21,
        }
    }

    /// Also takes the names that logging libraries use: `warning`, `critical`, `verbose`, `notice`; any case.
    pub fn parse_lenient(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        Some(match lower.as_str() {
            "warning" => Self::Warn,
            "critical" | "emergency" | "alert" | "panic" => Self::Fatal,
            "verbose" => Self::Trace,
            "log" | "notice" => Self::Info,
            "err" => Self::Error,
            other => return Self::parse(other),
        })
    }
}

/// A log line (logs, published spec). What is missing when it is captured is given by the client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Log {
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// The trace in which it was written.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_hex")]
    pub trace_id: Option<[u8; 16]>,
    /// The span in which it was written.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_hex")]
    pub span_id: Option<[u8; 8]>,
    /// How bad it is.
    pub level: LogLevel,
    /// What it says, parameters filled in.
    pub body: Text,
    /// What it knows beside that.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
}

impl Log {
    /// A line without attributes.
    pub fn new(level: LogLevel, body: impl Into<Text>) -> Self {
        Self {
            timestamp: None,
            trace_id: None,
            span_id: None,
            level,
            body: body.into(),
            attributes: Attributes::new(),
        }
    }

    /// Notes the template that the body was made from, and its parameters in order. Without parameters there is
    /// nothing to note (logs, published spec).
    pub fn set_template<V: Into<super::Attribute>>(
        &mut self,
        template: impl Into<Text>,
        parameters: impl IntoIterator<Item = V>,
    ) {
        let before = self.attributes.len();
        for (at, value) in parameters.into_iter().enumerate() {
            let name = PARAMETERS.get(at).map_or_else(
                || format!("sentry.message.parameter.{at}").into(),
                |name| Text::from_static(name),
            );
            self.attributes.insert(name, value);
        }
        if self.attributes.len() > before {
            self.attributes.insert(Text::from_static("sentry.message.template"), template.into());
        }
    }
}

/// The names of the first parameters, so that they cost nothing.
const PARAMETERS: [&str; 8] = [
    "sentry.message.parameter.0",
    "sentry.message.parameter.1",
    "sentry.message.parameter.2",
    "sentry.message.parameter.3",
    "sentry.message.parameter.4",
    "sentry.message.parameter.5",
    "sentry.message.parameter.6",
    "sentry.message.parameter.7",
];
