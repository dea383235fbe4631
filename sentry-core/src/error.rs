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
        Self { kind: Kind::Dsn, field: "dsn", detail: detail.into() }
    }

    /// An option has a value that it cannot have. `detail` says what is wrong and shows a right value.
    pub fn option(name: &'static str, detail: impl Into<String>) -> Self {
        Self { kind: Kind::Option, field: name, detail: detail.into() }
    }

    pub(crate) fn envelope(detail: impl Into<String>) -> Self {
        Self { kind: Kind::Envelope, field: "envelope", detail: detail.into() }
    }

    /// A payload handed in by a host (event, breadcrumb, user ...) does not have its shape.
    pub fn payload(field: &'static str, detail: impl Into<String>) -> Self {
        Self { kind: Kind::Payload, field, detail: detail.into() }
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
