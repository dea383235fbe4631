//! Outcomes that happen outside of a batch (refused at the door), until the writer takes them along.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::store::OutcomeKey;

/// Counts waiting to be stored.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<HashMap<OutcomeKey, i64>>);

impl Ledger {
    pub(crate) fn add(&self, key: OutcomeKey, quantity: i64) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Keys are bounded by projects, hours, categories and reasons; the cap guards against a stuck writer.
        if counts.len() < MAX_KEYS || counts.contains_key(&key) {
            *counts.entry(key).or_default() += quantity;
        }
    }

    pub(super) fn take(&self) -> HashMap<OutcomeKey, i64> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

const MAX_KEYS: usize = 10_000;
