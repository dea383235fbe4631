//! What the lock-free parts are made of: the standard library's.
//!
//! The models in `loom/` compile those same files with a module of this name that tries every interleaving.

pub(crate) use std::sync::atomic::{AtomicPtr, AtomicU8, AtomicU64, Ordering};
pub(crate) use std::thread::{Thread, current, park_timeout};
