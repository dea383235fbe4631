//! The one error of the task runner: a sentence for the person at the terminal.

use std::fmt;
use std::path::Path;

/// What went wrong, in words that name what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(String);

/// A result whose error is a [`Failure`].
pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// A failure that says `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A failure that has been told already.
    #[must_use]
    pub fn silent() -> Self {
        Self(String::new())
    }

    /// Whether there is nothing left to say.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Failure {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self(format!("not the JSON that was expected: {error}"))
    }
}

/// Puts what was being done in front of an error.
pub trait Context<T> {
    /// `what: error`
    ///
    /// # Errors
    /// The original one, with `what` in front.
    fn context(self, what: impl fmt::Display) -> Result<T>;

    /// `path: error`
    ///
    /// # Errors
    /// The original one, with the path in front.
    fn at(self, path: &Path) -> Result<T>
    where
        Self: Sized,
    {
        self.context(path.display())
    }
}

impl<T, E: fmt::Display> Context<T> for std::result::Result<T, E> {
    fn context(self, what: impl fmt::Display) -> Result<T> {
        self.map_err(|error| Failure(format!("{what}: {error}")))
    }
}
