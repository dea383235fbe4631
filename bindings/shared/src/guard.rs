//! No panic crosses into the host.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs an entry point; a panic becomes `None`. Every function that a host can call goes through here.
#[inline]
pub fn guard<T>(entry: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(entry)).ok()
}
