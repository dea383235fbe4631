//! Keeping a store in good order: how long things are kept, and what a look at it found.

use serde::Serialize;

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Days, by the server's date of receipt. At least one.
    pub days: u32,
    /// All day files together, in bytes; the oldest go first, today's never. `None` for no cap.
    pub max_bytes: Option<u64>,
}

impl Default for Retention {
    fn default() -> Self {
        Self { days: 90, max_bytes: None }
    }
}

/// What was deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Expired {
    pub(crate) days: usize,
    pub(crate) bytes: u64,
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Day files looked at.
    pub days: u64,
    /// Events that are counted and there.
    pub events: u64,
    /// Events that were written before a crash and will be counted by the next start.
    pub uncounted: u64,
    /// Accepted records that the next start digests.
    pub waiting: u64,
    /// What is wrong, a line each; empty for a sound folder.
    pub problems: Vec<String>,
}
