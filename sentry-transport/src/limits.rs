//! The rate limits as all threads of a process share them.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use watchpost_core::{Clock, ItemType, Timestamp, UploadResponse};

use crate::loss::limiting_categories;
use crate::rate_limit::RateLimits;

/// Rate limits that cost a capture one atomic load while none is in force.
#[derive(Debug, Default)]
pub(crate) struct SharedLimits {
    limits: Mutex<RateLimits>,
    /// The last deadline in microseconds since the epoch; 0 when there never was one.
    last: AtomicI64,
}

impl SharedLimits {
    /// A copy of the limits, if any may be in force.
    pub(crate) fn current(&self, clock: &dyn Clock) -> Option<(RateLimits, Timestamp)> {
        let last = self.last.load(Ordering::Acquire);
        if last == 0 {
            return None;
        }
        let now = clock.now();
        (last > now.micros()).then(|| (self.lock().clone(), now))
    }

    /// True while a limit is in force.
    pub(crate) fn any(&self, clock: &dyn Clock) -> bool {
        self.current(clock).is_some_and(|(limits, now)| limits.next_expiry(now).is_some())
    }

    /// Learns from an answer. Returns whether a deadline moved.
    pub(crate) fn update(&self, response: &UploadResponse, now: Timestamp) -> bool {
        let UploadResponse { status, rate_limits, retry_after, .. } = response;
        let mut limits = self.lock();
        let moved = limits.update(*status, rate_limits.as_deref(), retry_after.as_deref(), now);
        if moved {
            let last = limits.last_expiry().map_or(0, Timestamp::micros);
            self.last.store(last, Ordering::Release);
        }
        moved
    }

    fn lock(&self) -> MutexGuard<'_, RateLimits> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// True if an item of this type must not be sent now.
pub(crate) fn is_limited(limits: &RateLimits, item_type: &ItemType, now: Timestamp) -> bool {
    limiting_categories(item_type).any(|category| limits.limited_until(category, now).is_some())
}
