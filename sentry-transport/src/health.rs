//! Backpressure: is what is captured able to leave?

use std::time::Duration;

use watchpost_core::{Backpressure, Timestamp};

/// How often health is checked while something is wrong. Source: backpressure, published spec.
const INTERVAL: Duration = Duration::from_secs(10);

/// Checks every ten seconds, but only from the moment that something went wrong until a check finds nothing wrong: a
/// healthy transport needs no timer.
#[derive(Debug, Default)]
pub(crate) struct Health {
    next_check: Option<Timestamp>,
}

impl Health {
    /// Looks at the present state, and judges it if a check is due. `unhealthy`: the queue was full since the last
    /// check, or a limit is in force. Returns whether a check was made.
    pub(crate) fn look(&mut self, backpressure: &Backpressure, unhealthy: bool, now: Timestamp) -> bool {
        match self.next_check {
            None if unhealthy || backpressure.is_on() => self.next_check = Some(now.after(INTERVAL)),
            Some(at) if at <= now => {
                if unhealthy {
                    backpressure.unhealthy();
                } else {
                    backpressure.healthy();
                }
                self.next_check = unhealthy.then(|| now.after(INTERVAL));
                return true;
            }
            _ => {}
        }
        false
    }

    /// When the next check is due, if one is.
    pub(crate) fn next_check(&self) -> Option<Timestamp> {
        self.next_check
    }

    /// A wall clock that was put back must not put a check off.
    pub(crate) fn clock_went_back(&mut self) {
        self.next_check = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_checks_every_ten_seconds_while_something_is_wrong() {
        let at = |seconds: i64| Timestamp::from_micros((1_700_000_000 + seconds) * 1_000_000);
        let (mut health, backpressure) = (Health::default(), Backpressure::default());
        assert!(!health.look(&backpressure, false, at(0)));
        assert_eq!(health.next_check(), None, "no timer while all is well");
        assert!(!health.look(&backpressure, true, at(1)));
        assert!(!health.look(&backpressure, true, at(10)));
        assert_eq!(backpressure.factor(), 1);
        for (seconds, factor) in [(11, 2), (21, 4), (31, 8)] {
            assert!(health.look(&backpressure, true, at(seconds)));
            assert_eq!(backpressure.factor(), factor);
        }
        assert!(health.look(&backpressure, false, at(41)));
        assert_eq!((backpressure.factor(), health.next_check()), (1, None));
    }
}
