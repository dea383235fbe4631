//! How long to leave a server alone that cannot be reached.

use std::time::Duration;

use watchpost_core::Rng;

/// The first pause, before jitter.
const INITIAL: Duration = Duration::from_secs(1);

/// The longest pause, before jitter: a server that comes back is found within five minutes.
const MAX: Duration = Duration::from_secs(300);

/// Exponential pauses between attempts: 1 s, 2 s, 4 s ... 300 s, each shortened by up to half at random, so that a
/// fleet of applications does not return in step.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// An attempt failed: how long to wait for the next one.
    pub(crate) fn failed(&mut self, rng: &dyn Rng) -> Duration {
        let pause = INITIAL.saturating_mul(1 << self.failures.min(16)).min(MAX);
        self.failures += 1;
        pause.mul_f64(1.0 - rng.unit() / 2.0)
    }

    /// An attempt got through. Returns whether this ended an outage.
    pub(crate) fn succeeded(&mut self) -> bool {
        std::mem::take(&mut self.failures) > 0
    }
}

#[cfg(test)]
mod tests {
    use watchpost_core::SeededRng;

    use super::*;

    #[test]
    fn pauses_double_up_to_the_cap_within_their_jitter() {
        let rng = SeededRng::new(1);
        let mut backoff = Backoff::default();
        for exponent in 0..40 {
            let full = Duration::from_secs(1 << exponent.min(20)).min(MAX);
            let pause = backoff.failed(&rng);
            assert!(pause > full / 2 && pause <= full, "{exponent}: {pause:?}");
        }
        assert!(backoff.succeeded());
        assert!(!backoff.succeeded());
        assert!(backoff.failed(&rng) <= INITIAL);
    }
}
