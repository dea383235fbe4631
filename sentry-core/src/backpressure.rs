//! How far traces are sampled down while what is captured cannot leave.

use std::sync::atomic::{AtomicU32, Ordering};

/// The factor that divides the sample rate of traces: 1 while all is well, doubled by each unhealthy check of the
/// transport up to 1024, and 1 again after a healthy one. Source: backpressure, published spec.
///
/// Shared by a client, which reads it when a trace begins, and its transport, which sets it.
#[derive(Debug, Default)]
pub struct Backpressure {
    doublings: AtomicU32,
}

impl Backpressure {
    /// The most that the factor is doubled.
    pub const MAX_DOUBLINGS: u32 = 10;

    /// The factor: a power of two from 1 to 1024.
    pub fn factor(&self) -> u32 {
        1 << self.doublings.load(Ordering::Relaxed).min(Self::MAX_DOUBLINGS)
    }

    /// True while the factor is above 1: a trace that the rate alone would have kept is dropped for `backpressure`.
    pub fn is_on(&self) -> bool {
        self.doublings.load(Ordering::Relaxed) > 0
    }

    /// The sample rate to use in place of `rate`.
    pub fn lowered(&self, rate: f64) -> f64 {
        rate / f64::from(self.factor())
    }

    /// A check found the queue full or a rate limit in force.
    pub fn unhealthy(&self) {
        let more = |doublings: u32| (doublings < Self::MAX_DOUBLINGS).then_some(doublings + 1);
        let _ = self.doublings.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }

    /// A check found nothing wrong.
    pub fn healthy(&self) {
        self.doublings.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_its_cap_and_resets_at_once() {
        let backpressure = Backpressure::default();
        assert!((backpressure.lowered(0.5) - 0.5).abs() < f64::EPSILON && !backpressure.is_on());
        backpressure.unhealthy();
        assert!((backpressure.lowered(0.5) - 0.25).abs() < f64::EPSILON && backpressure.is_on());
        for _ in 0..40 {
            backpressure.unhealthy();
        }
        assert_eq!(backpressure.factor(), 1024);
        backpressure.healthy();
        assert_eq!(backpressure.factor(), 1);
    }
}
