//! Error tracking that an application carries with it.
//!
//! ```no_run
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let _guard = watchpost::init("https://public_key@errors.example.com/42")?;
//!     watchpost::set_tag("region", "eu");
//!     if let Err(error) = "x".parse::<u32>() {
//!         watchpost::capture_error(&error);
//!     }
//!     Ok(())
//! }
//! ```
//!
//! When a capture returns, the event is in a file: it survives `kill -9`, and the next start delivers it. Sending,
//! compressing and retrying happen on one thread of its own. Panics become events by themselves; the guard waits for
//! the rest at the end of `main`, for two seconds at most.
//!
//! Scopes hold what belongs to every event: [`set_tag`] and its like write to the isolation scope (one per request or
//! task, see [`isolate`] and [`ScopeFuture`]), [`with_scope`] is for one block of code.

mod api;
mod error_chain;
mod future;
mod init;
mod scopes;
mod sessions;
#[cfg(feature = "testing")]
pub mod testing;
mod tracing_api;

/// Connections to other libraries, each behind a feature of the same name.
pub mod integrations;

#[cfg(feature = "backtrace")]
pub use crate::api::capture_error_with_backtrace;
pub use crate::api::{
    add_breadcrumb, capture_error, capture_event, capture_message, close, flush, is_enabled, last_event_id,
    remove_tag, set_context, set_extra, set_fingerprint, set_level, set_tag, set_transaction_name, set_user,
};
pub use crate::future::{ScopeFuture, ScopeFutureExt};
pub use crate::init::{Guard, IntoOptions, client, init};
#[cfg(feature = "anyhow")]
pub use crate::integrations::anyhow::capture_anyhow;
pub use crate::scopes::{current_scope, global_scope, isolate, isolation_scope, with_scope};
pub use crate::sessions::{end_session, pause_session, resume_session, start_request_session, start_session};
pub use crate::tracing_api::{
    SpanGuard, continue_from_headers, continue_trace, current_span, get_trace_data, outgoing_headers,
    start_new_trace, start_span, start_span_with, start_transaction, start_transaction_detached,
    start_transaction_with, trace, with_span,
};
pub use watchpost_core::{
    Breadcrumb, Client, ClientOptions, Context, Diagnostics, Dsn, Envelope, Error, Event, EventHook, EventId,
    Exception, Frame, Hint, HookFailure, IgnoreSpan, Item, ItemType, Label, Level, LogEntry, Map, Mechanism,
    Pattern, Request, RequestSession, Result, SamplingContext, Scope, SdkInfo, SharedScope, Span, SpanId,
    SpanOptions, SpanStatus, Stacktrace, Text, Thread, Timestamp, TraceHeaders, TraceId, TransactionOptions,
    TransactionSource, User, Value,
};
