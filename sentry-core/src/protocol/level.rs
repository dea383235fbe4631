//! How bad it is.

use crate::protocol::lists::wire_names;

wire_names! {
    /// The severity of an event or breadcrumb.
    pub enum Level {
        /// The process cannot go on.
        Fatal = "fatal",
        /// Something failed. What an event without a level is taken for.
        Error = "error",
        /// Something is off.
        Warning = "warning",
        /// Worth knowing. What a breadcrumb without a level is taken for.
        Info = "info",
        /// For developers.
        Debug = "debug",
    }
}

impl Level {
    /// Also takes the names that logging libraries use: `warn`, `critical`, `trace`, `log`, `notice`; any case.
    pub fn parse_lenient(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        Some(match lower.as_str() {
            "warn" => Self::Warning,
            "critical" | "emergency" | "alert" | "panic" => Self::Fatal,
            "trace" | "verbose" => Self::Debug,
            "log" | "notice" => Self::Info,
            "err" => Self::Error,
            other => return Self::parse(other),
        })
    }
}
