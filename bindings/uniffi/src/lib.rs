//! Watchpost for Kotlin and Swift: the shared host layer as uniffi objects.
//!
//! Closed shapes (options, breadcrumb, user, frame) cross as records, open ones (event, context, extra) as JSON text.
//! Nothing here is public API: the packages `dev.watchpost` and `Watchpost` wrap it, and their names are the ones
//! that applications see. No method is called `close` or `destroy`, which Kotlin's generated classes define
//! themselves.

mod breadcrumb;
mod client;
mod error;
mod hook;
mod level;
mod options;
mod scope;
mod stack;
mod user;

pub use crate::breadcrumb::HostBreadcrumb;
pub use crate::client::{Client, Identity, TestClock};
pub use crate::error::{HookError, HostError};
pub use crate::hook::{BreadcrumbHook, EventHook, Hooks};
pub use crate::level::HostLevel;
pub use crate::options::HostSettings;
pub use crate::scope::Scope;
pub use crate::stack::{NativeFrame, walk_stack};
pub use crate::user::HostUser;

uniffi::setup_scaffolding!("watchpost");

/// The version of this library.
#[uniffi::export]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
