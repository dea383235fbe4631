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
//! the rest at the end of `main`, for two seconds at most. In an asynchronous program call [`init`] before the runtime is
//! started, so that its threads have the scopes of `main`.
//!
//! # Scopes
//!
//! Scopes hold what belongs to every event: [`set_tag`] and its like write to the isolation scope (one per request or
//! task, see [`isolate`] and [`ScopeFuture`]), [`with_scope`] is for one block of code.
//!
//! ```
//! watchpost::isolate(|| {
//!     watchpost::set_tag("order", "1002");
//!     watchpost::with_scope(|| {
//!         watchpost::current_scope().update(|scope| scope.set_tag("step", "price"));
//!         watchpost::capture_message("with both tags", None);
//!     });
//!     watchpost::capture_message("with the first alone", None);
//! });
//! ```
//!
//! # Transactions and sessions
//!
//! With `traces_sample_rate` or `traces_sampler` set, [`start_transaction`] and [`start_span`] measure how long things
//! take; a trace that came with a request is continued by [`continue_trace`] and goes on by [`get_trace_data`]. With a
//! release set, runs and requests are counted as sessions.
//!
//! ```
//! # fn main() -> watchpost::Result<()> {
//! use watchpost::ClientOptions;
//!
//! let options = ClientOptions::new().with_release("shop@1.4.0").with_traces_sample_rate(0.2)?;
//! let _guard = watchpost::init(options)?;
//! let _transaction = watchpost::start_transaction("close the day", "task");
//! watchpost::trace("db.query", "SELECT 1", |_span| ());
//! # Ok(())
//! # }
//! ```
//!
//! # Sending in another way
//!
//! `with_uploader` takes whoever makes the requests, for environments with rules of their own. Everything else stays: events
//! are in a file first, limits hold, what failed is tried again.
//!
//! ```
//! # fn main() -> watchpost::Result<()> {
//! use watchpost::{ClientOptions, UploadRequest, UploadResponse, UploadResult, Uploader};
//!
//! #[derive(Debug)]
//! struct Gateway;
//!
//! impl Uploader for Gateway {
//!     fn upload(&self, request: UploadRequest) -> UploadResult {
//!         // Posts `request.body` to `request.url` with `request.headers`, and tells what came of it.
//! #       drop(request);
//!         UploadResult::Response(UploadResponse { status: 200, ..UploadResponse::default() })
//!     }
//! }
//!
//! let _guard = watchpost::init(ClientOptions::new().with_uploader(std::sync::Arc::new(Gateway)))?;
//! # Ok(())
//! # }
//! ```
//!
//! # What it was built of
//!
//! `ClientOptions::new().with_modules(watchpost::modules!())` lists the packages of `Cargo.lock` on every error; see
//! [`modules!`].
//!
//! # Features
//!
//! Each adds something and changes nothing else. On by default:
//!
//! | feature | what it adds |
//! |---|---|
//! | `backtrace` | stack traces with source context |
//! | `contexts` | what is known about the machine, the program and the compiler that built it |
//! | `debug-images` | for frames without a name: the libraries that they point into |
//! | `panic` | panics become events; the hook that was there before still runs |
//! | `rustls-aws-lc` | TLS by rustls with aws-lc-rs; without it nothing is sent, unless `rustls-ring` is on |
//!
//! To be asked for; each has an example where it leads:
//!
//! | feature | what it adds |
//! |---|---|
//! | `actix-web` | a middleware: [`integrations::actix_web`] |
//! | `anyhow` | [`capture_anyhow`], with the backtrace that the error carries: [`integrations::anyhow`] |
//! | `axum` | `tower`, with the matched route and the client's address |
//! | `crash` | crashes by a signal become events on the next start; nothing is to be called for it |
//! | `log` | a logger in front of the application's: [`integrations::log`] |
//! | `opentelemetry` | a span processor and a propagator: [`integrations::opentelemetry`] |
//! | `reqwest` | a middleware for outgoing requests: [`integrations::reqwest`] |
//! | `rustls-ring` | TLS by rustls with ring |
//! | `slog` | a drain in front of the application's: [`integrations::slog`] |
//! | `testing` | clients that record instead of sending, for tests: [`testing`] |
//! | `tower` | a layer for axum, hyper, tonic and others: [`integrations::tower`] |
//! | `tracing` | a layer for `tracing-subscriber`: [`integrations::tracing`] |
//!
//! # The oldest compiler
//!
//! Rust 1.95: the oldest one that the tests compile it with. It only rises with a new minor version of this crate.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod api;
mod error_chain;
mod future;
mod init;
pub mod logs;
pub mod metrics;
mod modules;
mod monitors;
mod scopes;
mod sessions;
mod shown;
mod signals_api;
#[cfg(feature = "testing")]
pub mod testing;
mod tracing_api;

/// Connections to other libraries, each behind a feature of the same name.
pub mod integrations;

#[cfg(feature = "backtrace")]
pub use crate::api::capture_error_with_backtrace;
pub use crate::api::{
    add_breadcrumb, capture_error, capture_event, capture_message, close, event_from_error, flush,
    is_enabled, last_event_id, remove_tag, set_context, set_extra, set_fingerprint, set_level, set_tag,
    set_transaction_name, set_user,
};
pub use crate::future::{ScopeFuture, ScopeFutureExt};
pub use crate::init::{Guard, IntoOptions, client, init};
#[cfg(feature = "anyhow")]
pub use crate::integrations::anyhow::capture_anyhow;
#[doc(hidden)]
pub use crate::logs::private as __private;
pub use crate::modules::modules_of_lock_file;
pub use crate::monitors::{MonitorGuard, capture_check_in, monitor, with_monitor};
pub use crate::scopes::{current_scope, global_scope, isolate, isolation_scope, with_scope};
pub use crate::sessions::{end_session, pause_session, resume_session, start_request_session, start_session};
pub use crate::signals_api::{
    add_attachment, add_feature_flag, capture_event_with, capture_feedback, capture_feedback_with,
    clear_attachments, remove_attribute, set_attribute, set_attributes, set_consent,
};
pub use crate::tracing_api::{
    SpanGuard, continue_from_headers, continue_trace, current_span, get_trace_data, outgoing_headers,
    start_new_trace, start_span, start_span_with, start_transaction, start_transaction_detached,
    start_transaction_with, trace, with_span,
};
pub use watchpost_core::{
    Attachment, Attribute, AttributeValue, Attributes, CheckIn, CheckInStatus, Feedback, Log, LogHook,
    LogLevel, Metric, MetricHook, MetricType, MonitorConfig, Schedule, ScheduleUnit,
};
pub use watchpost_core::{
    BodyPlace, BodyTee, IncomingRequest, OutgoingRequest, RequestBody, UploadRequest, UploadResponse,
    UploadResult, Uploader,
};
pub use watchpost_core::{
    Breadcrumb, Client, ClientOptions, Collect, CollectBodies, Compression, Context, Data, DataCollection,
    Diagnostics, Dsn, Envelope, Error, Event, EventHook, EventId, Exception, Frame, Hint, HookFailure,
    IgnoreSpan, Item, ItemType, Label, Level, LogEntry, Map, MaxRequestBodySize, Mechanism, Pattern, Request,
    RequestSession, Result, SamplingContext, Scope, ScrubPatterns, SdkInfo, SharedScope, Span, SpanId,
    SpanLink, SpanOptions, SpanStatus, Stacktrace, Text, Thread, Timestamp, TraceHeaders, TraceId,
    TransactionOptions, TransactionSource, User, Value,
};
pub use watchpost_core::{
    BreadcrumbHook, CheckInHook, EnvelopeHeader, ErrorSampler, HookOutcome, ItemHeader, PropagationContext,
    SpanHook, TracesSampler,
};
pub use watchpost_core::{
    DebugImage, DebugMeta, Errno, Geo, MachException, Measurement, Measurements, MechanismMeta, Modules,
    NsError, SdkPackage, SdkSettings, SignalMeta, SpanPayload, Tags, TransactionInfo,
};

/// The code of the page about migrating compiles.
#[cfg(all(
    doctest,
    feature = "anyhow",
    feature = "axum",
    feature = "log",
    feature = "testing",
    feature = "tracing"
))]
#[doc = include_str!("../../docs/migrating-from-the-sentry-crate.md")]
struct Migrating;
