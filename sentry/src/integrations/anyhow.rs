//! Errors of the `anyhow` crate, with the backtrace that they carry.
//!
//! ```
//! fn order() -> anyhow::Result<u32> {
//!     Ok("12x".parse()?)
//! }
//!
//! if let Err(error) = order() {
//!     watchpost::capture_anyhow(&error);
//! }
//! ```

use watchpost_core::EventId;

use super::std_backtrace;
use crate::api;

/// Reports the error with its causes. Its stack trace is where `anyhow` made it, if backtraces are on
/// (`RUST_BACKTRACE=1` or `RUST_LIB_BACKTRACE=1`); else it is the caller's. The id of the event, or `None` if it was
/// dropped.
pub fn capture_anyhow(error: &anyhow::Error) -> Option<EventId> {
    let error_itself: &(dyn std::error::Error + 'static) = error.as_ref();
    api::capture_chain(error_itself, || std_backtrace::stacktrace(error.backtrace()))
}
