//! Leaves a slow or failing disk alone for a while.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use watchpost_core::Timestamp;

use crate::waits::Waits;

/// An append that takes longer than this hurts the application: healthy ones take microseconds.
const SLOW: Duration = Duration::from_millis(20);

/// So many slow appends in a row open the breaker, the last one surely for the disk's sake; a single one may be a
/// hiccup, and on a loaded machine every thread is slow now and then.
const STRIKES: u32 = 2;

/// How long an open breaker keeps the disk out of the application's way.
const PAUSE: Duration = Duration::from_secs(60);

/// Decides whether the next envelope goes to the disk or stays in memory.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    strikes: AtomicU32,
    /// Microseconds since the epoch; 0 when closed.
    open_until: AtomicI64,
}

impl Breaker {
    /// True while the disk is to be left alone. `now` is asked only if the breaker ever opened.
    pub(crate) fn is_open(&self, now: impl FnOnce() -> Timestamp) -> bool {
        let until = self.open_until.load(Ordering::Relaxed);
        if until == 0 {
            return false;
        }
        let until = Timestamp::from_micros(until);
        let now = now();
        // Further away than a pause can be: the clock was put back.
        let open = until > now && until.since(now) <= PAUSE;
        if !open {
            self.open_until.store(0, Ordering::Relaxed);
        }
        open
    }

    /// To be called before an append: starts a look at the thread if the last append was slow.
    pub(crate) fn suspects(&self) -> Option<Waits> {
        (self.strikes.load(Ordering::Relaxed) != 0).then(Waits::now)
    }

    /// An append worked and took this long. `waited` says whether that was because of the disk, where it is known: an
    /// append that the machine held up proves nothing. Returns whether that opened the breaker.
    pub(crate) fn appended(
        &self,
        took: Duration,
        waited: Option<bool>,
        now: impl FnOnce() -> Timestamp,
    ) -> bool {
        if took < SLOW {
            // A store to a shared cache line on every capture would cost more than this look.
            if self.strikes.load(Ordering::Relaxed) != 0 {
                self.strikes.store(0, Ordering::Relaxed);
            }
            return false;
        }
        if waited == Some(false) {
            return false;
        }
        let strikes = self.strikes.fetch_add(1, Ordering::Relaxed) + 1;
        let opens = strikes >= STRIKES && waited.is_some();
        if opens {
            self.open(now());
        }
        opens
    }

    /// An append failed, or there was never a folder: no more attempts for a while.
    pub(crate) fn open(&self, now: Timestamp) {
        self.strikes.store(0, Ordering::Relaxed);
        self.open_until.store(now.after(PAUSE).micros(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

    #[test]
    fn two_slow_appends_in_a_row_open_it_for_a_minute() {
        let breaker = Breaker::default();
        let append = |ms| breaker.appended(Duration::from_millis(ms), Some(true), || NOW);
        assert!(!append(20));
        assert!(!append(1), "a fast one in between starts over");
        assert!(!append(500));
        assert!(!breaker.is_open(|| NOW));
        assert!(append(20));
        assert!(breaker.is_open(|| NOW.after(Duration::from_secs(59))));
        assert!(!breaker.is_open(|| NOW.after(Duration::from_secs(60))));
        assert!(!append(20), "the count starts over too");
    }

    #[test]
    fn a_loaded_machine_does_not_open_it() {
        let breaker = Breaker::default();
        let append = |waited| breaker.appended(Duration::from_millis(80), waited, || NOW);
        assert!(breaker.suspects().is_none(), "no system call while all is well");
        assert!(!append(None) && !append(None), "two threads, neither of them looked at");
        assert!(breaker.suspects().is_some());
        assert!((0..100).all(|_| !append(Some(false))), "held up, but not by the disk");
        assert!(!breaker.is_open(|| NOW));
        assert!(append(Some(true)));
    }

    #[test]
    fn a_clock_put_back_does_not_keep_it_open() {
        let breaker = Breaker::default();
        breaker.open(NOW);
        assert!(!breaker.is_open(|| Timestamp::from_micros(NOW.micros() - 3_600_000_000)));
    }
}
