//! What can go wrong when a host talks to the core.

use std::fmt;

/// An error for the wrapper. Capturing never shows one to the application.
#[derive(Debug, uniffi::Error)]
pub enum HostError {
    /// An option of `init` cannot have this value. `reason` names it and shows a right one.
    InvalidOption {
        /// The option, in camel case.
        option: String,
        /// The whole sentence.
        reason: String,
    },
    /// A payload, like an event, does not have its shape. `reason` gives the place.
    InvalidPayload {
        /// The whole sentence.
        reason: String,
    },
    /// A bug in here, caught at the boundary.
    Internal {
        /// What is known.
        reason: String,
    },
}

/// What a hook of the host reports when it failed.
#[derive(Debug, uniffi::Error)]
pub enum HookError {
    /// The hook threw; the item is dropped and counted.
    Failed {
        /// The host's own words.
        reason: String,
    },
}

impl HostError {
    pub(crate) fn panicked() -> Self {
        Self::Internal { reason: "a panic was caught".to_owned() }
    }
}

impl From<watchpost_core::Error> for HostError {
    fn from(error: watchpost_core::Error) -> Self {
        let reason = error.to_string();
        if error.is_dsn() || error.is_option() {
            Self::InvalidOption { option: error.field().to_owned(), reason }
        } else {
            Self::InvalidPayload { reason }
        }
    }
}

impl From<uniffi::UnexpectedUniFFICallbackError> for HookError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed { reason: error.reason }
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidOption { reason, .. }
            | Self::InvalidPayload { reason }
            | Self::Internal { reason } => f.write_str(reason),
        }
    }
}

impl fmt::Display for HookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Failed { reason } = self;
        f.write_str(reason)
    }
}

impl std::error::Error for HostError {}
impl std::error::Error for HookError {}
