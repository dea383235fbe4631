//! Worker threads that report by themselves, so that the thread which made them does not report the same again.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use napi_derive::napi;

static REPORTING: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Says that the thread of this number, this thread, reports what it does not catch.
#[napi]
pub fn note_thread(id: u32) {
    with(|known| known.insert(id));
}

/// True for a thread that has said so.
#[napi]
pub fn knows_thread(id: u32) -> bool {
    with(|known| known.contains(&id))
}

/// Forgets a thread that has ended.
#[napi]
pub fn forget_thread(id: u32) {
    with(|known| known.remove(&id));
}

fn with<T>(look: impl FnOnce(&mut BTreeSet<u32>) -> T) -> T {
    look(&mut REPORTING.lock().unwrap_or_else(PoisonError::into_inner))
}
