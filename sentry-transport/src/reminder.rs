//! When the client's buffers want to be looked at.

use std::sync::atomic::{AtomicI64, Ordering};

use watchpost_core::Timestamp;

/// A time that can only come nearer, until it is taken.
#[derive(Debug)]
pub(crate) struct Reminder(AtomicI64);

const NEVER: i64 = i64::MAX;

impl Default for Reminder {
    fn default() -> Self {
        Self(AtomicI64::new(NEVER))
    }
}

impl Reminder {
    /// Asks for `at`; true if nothing as early was asked for.
    pub(crate) fn set(&self, at: Timestamp) -> bool {
        self.0.fetch_min(at.micros(), Ordering::AcqRel) > at.micros()
    }

    /// True, once, when the time has come.
    pub(crate) fn take(&self, now: Timestamp) -> bool {
        let at = self.0.load(Ordering::Acquire);
        // An earlier time that comes between is kept: then this one is not the one that was looked at.
        at <= now.micros() && self.0.compare_exchange(at, NEVER, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// The time that was asked for; far off if none was.
    pub(crate) fn at(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::Acquire))
    }
}
