//! Failed log-ins slow down further ones, by user name: guessing is pointless long before it is fast.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::instant::{Micros, SECOND};

/// Recent failures by user name.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<HashMap<String, Failures>>);

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Micros,
}

impl Attempts {
    /// Books an attempt, before the password is looked at; `Err` holds the seconds to wait instead.
    pub(crate) fn begin(&self, username: &str, now: Micros) -> Result<(), u64> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MAX_NAMES {
            all.retain(|_, failures| now - failures.last < FORGET);
        }
        if all.len() >= MAX_NAMES {
            return Err(60);
        }
        let name = username.to_ascii_lowercase();
        let failures = all.entry(name).or_insert(Failures { count: 0, last: now });
        if now - failures.last >= FORGET {
            failures.count = 0;
        }
        if failures.count >= FREE {
            let pause = pause(failures.count);
            let waited = now - failures.last;
            if waited < pause {
                return Err(((pause - waited) / SECOND).max(1).unsigned_abs());
            }
        }
        // Counted as failed until it succeeds, so that parallel guesses count too.
        failures.count += 1;
        failures.last = now;
        Ok(())
    }

    pub(crate) fn succeeded(&self, username: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&username.to_ascii_lowercase());
    }
}

/// 2 s, 4 s ... up to a minute.
fn pause(count: u32) -> Micros {
    (SECOND << (count - FREE + 1).min(6)).min(60 * SECOND)
}

const FREE: u32 = 5;
const FORGET: Micros = 15 * 60 * SECOND;
const MAX_NAMES: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_are_slowed_down_per_name_and_forgiven_by_success() {
        let attempts = Attempts::default();
        for _ in 0..FREE {
            assert_eq!(attempts.begin("Ada", 0), Ok(()));
        }
        assert_eq!(attempts.begin("ada", 0), Err(2));
        assert_eq!(attempts.begin("bob", 0), Ok(()));
        assert_eq!(attempts.begin("ada", 2 * SECOND), Ok(()));
        assert_eq!(attempts.begin("ada", 2 * SECOND), Err(4));
        attempts.succeeded("ADA");
        assert_eq!(attempts.begin("ada", 2 * SECOND), Ok(()));
    }
}
