//! How bad something is.

use watchpost_core::Level;

/// The level of an event or a breadcrumb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum HostLevel {
    /// For developers.
    Debug,
    /// Worth knowing.
    Info,
    /// Might become a problem.
    Warning,
    /// Something failed.
    Error,
    /// The process ended.
    Fatal,
}

impl HostLevel {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }
}

impl From<HostLevel> for Level {
    fn from(level: HostLevel) -> Self {
        match level {
            HostLevel::Debug => Self::Debug,
            HostLevel::Info => Self::Info,
            HostLevel::Warning => Self::Warning,
            HostLevel::Error => Self::Error,
            HostLevel::Fatal => Self::Fatal,
        }
    }
}

impl From<Level> for HostLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Debug => Self::Debug,
            Level::Info => Self::Info,
            Level::Warning => Self::Warning,
            Level::Fatal => Self::Fatal,
            // What the core takes an unknown level for.
            _ => Self::Error,
        }
    }
}
