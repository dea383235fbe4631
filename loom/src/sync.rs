//! What the lock-free parts are made of: loom's.

use std::time::Duration;

pub(crate) use loom::cell::UnsafeCell;
pub(crate) use loom::hint::spin_loop;
pub(crate) use loom::sync::atomic::{AtomicPtr, AtomicU8, AtomicU64, Ordering};
pub(crate) use loom::thread::{Thread, current, yield_now};

/// Sleeps until somebody wakes it: in a model no time passes, so a lost wake-up is a deadlock, which loom reports.
pub(crate) fn park_timeout(_time: Duration) {
    loom::thread::park();
}
