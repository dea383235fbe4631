//! Errors that JavaScript sees: those of `init`. Nothing else throws.

use napi::{Error, Status};

/// The core's words, which name the option and show a right value.
pub(crate) fn refused(error: &watchpost_core::Error) -> Error {
    Error::new(Status::InvalidArg, error.to_string())
}

/// A bug in here, caught at the boundary.
pub(crate) fn panicked() -> Error {
    Error::new(Status::GenericFailure, "watchpost failed inside; this is a bug".to_owned())
}
