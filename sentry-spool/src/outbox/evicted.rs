//! What was given up, and counting it.

use super::Shelf;
use crate::error::Result;
use crate::policy::Lane;
use crate::scan::Lost;
use crate::segment::Segment;
use std::sync::Arc;

/// Segments whose records wait to be counted, at most. Each keeps its disk space until then.
const MAX_WAITING: usize = 8;

/// Why a segment was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The folder reached `max_bytes`.
    Overflow,
    /// The segment reached its lane's age.
    Expired,
}

/// A segment that was deleted before all its records were delivered. It can still be read until it is dropped.
#[derive(Debug)]
pub struct Evicted {
    pub(super) segment: Arc<Segment>,
    cause: Cause,
}

impl Evicted {
    /// The lane the records were in.
    #[must_use]
    pub fn lane(&self) -> Lane {
        self.segment.lane
    }

    /// Why they were given up.
    #[must_use]
    pub fn cause(&self) -> Cause {
        self.cause
    }

    /// Calls `each` with every record that was not delivered, oldest first, and returns what could not be read.
    ///
    /// Reads up to a segment's worth of file: for the worker, not for the application's thread.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn for_each(&self, each: impl FnMut(&[u8])) -> Result<Lost> {
        self.segment.for_each_pending(each)
    }

    pub(super) fn is(&self, lane: Lane, number: u64) -> bool {
        self.segment.lane == lane && self.segment.number == number
    }
}

impl Shelf {
    /// Keeps a deleted segment for the caller to count.
    pub(super) fn give_up(&mut self, segment: Arc<Segment>, cause: Cause) {
        if self.evicted.len() == MAX_WAITING
            && let Some(oldest) = self.evicted.pop_front()
        {
            let mut records = 0;
            let unreadable = oldest.for_each(|_| records += 1).unwrap_or_default();
            self.lost += Lost { records, bytes: 0 };
            self.lost += unreadable;
        }
        self.evicted.push_back(Evicted { segment, cause });
    }
}
