//! What it takes to set up an SDK.

use std::time::Instant;

use crate::memory::resident_kilobytes;

/// The moment before.
#[derive(Debug)]
pub struct Start {
    at: Instant,
    resident: u64,
}

impl Start {
    /// Begins to measure.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "no two are the same")]
    pub fn new() -> Self {
        let resident = resident_kilobytes();
        Self { at: Instant::now(), resident }
    }

    /// Milliseconds until now, and the kilobytes that became resident.
    pub(crate) fn report(&self) {
        let init = self.at.elapsed().as_secs_f64() * 1e3;
        println!("{{\"init\":{init},\"resident\":{}}}", resident_kilobytes().saturating_sub(self.resident));
    }
}
