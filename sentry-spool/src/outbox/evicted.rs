//! What was given up, and counting it.

use super::Shelf;
use crate::error::Result;
use crate::policy::Lane;
use crate::scan::Lost;
use crate::segment::Segment;
use std::fmt;
use std::sync::Arc;

/// Segments whose records wait to be counted, at most. Each keeps its disk space until then.
const MAX_WAITING: usize = 8;

/// Who counts records that have to be forgotten at once.
#[derive(Default)]
pub(super) struct Counter(pub(super) Option<Box<Count>>);

/// Sees a record.
type Count = dyn Fn(&[u8]) + Send + Sync;

impl fmt::Debug for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Counter").field(&self.0.is_some()).finish()
    }
}

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
    pub(super) fn give_up(&mut self, segment: Arc<Segment>, cause: Cause, counter: &Counter) {
        if self.evicted.len() == MAX_WAITING
            && let Some(oldest) = self.evicted.pop_front()
        {
            let mut uncounted = 0;
            let unreadable = oldest.for_each(|record| match &counter.0 {
                Some(count) => count(record),
                None => uncounted += 1,
            });
            self.lost += Lost { records: uncounted, bytes: 0 };
            self.lost += unreadable.unwrap_or(Lost { records: 1, bytes: 0 });
        }
        self.evicted.push_back(Evicted { segment, cause });
    }
}
