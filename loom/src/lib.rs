//! The lock-free parts of the core and the transport, compiled a second time with loom's atomics in the place of the
//! standard library's.
//!
//! The files are the crates' own, not copies: each takes its atomics, cells and threads from `crate::sync`, which is
//! another module here. The models run short programs of two or three threads on them and try every interleaving, and
//! every value that a load may see. A fork cannot be interleaved; a model of a forked child starts from what the child
//! inherits, whatever its parent was doing.
#![cfg(test)]

#[path = "../../sentry-transport/src/bell.rs"]
mod bell;
#[path = "../../sentry-core/src/client_reports.rs"]
pub mod client_reports;
#[path = "../../sentry-core/src/fork.rs"]
pub mod fork;
mod models;
#[path = "../../sentry-transport/src/open_list.rs"]
mod open_list;
#[path = "../../sentry-transport/src/per_generation.rs"]
mod per_generation;
mod sync;

/// What client reports are about, as the core has it.
mod protocol {
    pub(crate) use watchpost_core::{Category, DiscardReason, Timestamp};
}
