//! What can go wrong when the core is set up. Capturing never returns an error: it drops and counts.

use std::fmt;

/// Why a DSN, an option or an envelope was refused.
///
/// The kind is private: ask with the `is_*` predicates. The text names the field and the fix; its wording may change.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    field: &'static str,
    detail: String,
}

/// The longest text about one error, in bytes.
const MAX_DETAIL_BYTES: usize = 4096;

/// A result whose error is [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Dsn,
    Option,
    Envelope,
    Payload,
}

impl Error {
    pub(crate) fn dsn(detail: impl Into<String>) -> Self {
        Self { kind: Kind::Dsn, field: "dsn", detail: short(detail.into()) }
    }

    /// An option has a value that it cannot have. `detail` says what is wrong and shows a right value.
    pub fn option(name: &'static str, detail: impl Into<String>) -> Self {
        Self { kind: Kind::Option, field: name, detail: short(detail.into()) }
    }

    pub(crate) fn envelope(detail: impl Into<String>) -> Self {
        Self { kind: Kind::Envelope, field: "envelope", detail: short(detail.into()) }
    }

    /// The same for a value that came from an environment variable, which the text then names.
    #[must_use]
    pub(crate) fn of_variable(mut self, variable: &str) -> Self {
        self.detail = short(format!("{variable}: {}", self.detail));
        self
    }

    /// A payload handed in by a host (event, breadcrumb, user ...) does not have its shape.
    pub fn payload(field: &'static str, detail: impl Into<String>) -> Self {
        Self { kind: Kind::Payload, field, detail: short(detail.into()) }
    }

    /// The name of the option, header or payload that is wrong.
    pub fn field(&self) -> &'static str {
        self.field
    }

    /// True if the DSN cannot be used.
    pub fn is_dsn(&self) -> bool {
        self.kind == Kind::Dsn
    }

    /// True if another option has a value that it cannot have.
    pub fn is_option(&self) -> bool {
        self.kind == Kind::Option
    }

    /// True if the bytes are not a well-formed envelope.
    pub fn is_envelope(&self) -> bool {
        self.kind == Kind::Envelope
    }

    /// True if a payload handed in by a host does not have its shape.
    pub fn is_payload(&self) -> bool {
        self.kind == Kind::Payload
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            Kind::Dsn | Kind::Option => "invalid option",
            Kind::Envelope => "malformed",
            Kind::Payload => "invalid payload",
        };
        write!(f, "{what} `{}`: {}", self.field, self.detail)
    }
}

impl std::error::Error for Error {}

/// A text may quote what was given; it stays a text that a person reads, with the fix at its end.
fn short(text: String) -> String {
    if text.len() <= MAX_DETAIL_BYTES {
        return text;
    }
    let character = |at: &usize| text.is_char_boundary(*at);
    let head = (0..=MAX_DETAIL_BYTES / 2).rev().find(character).unwrap_or(0);
    let tail = (text.len() - MAX_DETAIL_BYTES / 2..=text.len()).find(character).unwrap_or(text.len());
    format!("{} ... {}", &text[..head], &text[tail..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_never_quotes_more_than_a_person_reads() {
        let error = Error::payload("event", format!("at `a`: {} is not text", "\u{e9}".repeat(1_000_000)));
        let text = error.to_string();
        assert!(text.len() < MAX_DETAIL_BYTES + 100, "{}", text.len());
        assert!(text.starts_with("invalid payload `event`: at `a`") && text.ends_with("is not text"));
    }
}
