//! What an event is and what happens to it before it leaves: the pure core of the Watchpost SDKs.
//!
//! The core decides once, for every language, what a capture means: scopes are merged, hooks run, secrets are
//! removed, the sampling draw is made and an [`Envelope`] is written. It does no I/O, starts no thread and asks
//! neither the system's clock nor its random numbers by itself; a [`Transport`] takes the finished envelope.
//!
//! Applications use the crate `watchpost`; this one is for SDKs, which bring scopes and a transport:
//!
//! ```
//! use std::sync::{Arc, Mutex};
//! use std::time::Duration;
//! use watchpost_core::{Client, ClientOptions, Envelope, Scopes, SharedScope, Transport};
//!
//! #[derive(Debug, Default)]
//! struct Kept(Mutex<Vec<Envelope>>);
//!
//! impl Transport for Kept {
//!     fn send(&self, envelope: Envelope) {
//!         self.0.lock().unwrap().push(envelope);
//!     }
//!
//!     fn flush(&self, _timeout: Duration) -> bool {
//!         true
//!     }
//!
//!     fn close(&self, _timeout: Duration) -> bool {
//!         true
//!     }
//! }
//!
//! let kept = Arc::new(Kept::default());
//! let options = ClientOptions::new().with_dsn("https://public_key@errors.example.com/42")?;
//! let client = Client::builder(options).transport(kept.clone()).build();
//!
//! let (global, isolation, current) = (SharedScope::new(), SharedScope::new(), SharedScope::new());
//! isolation.update(|scope| scope.set_tag("order", "1002"));
//! let scopes = Scopes { global: &global, isolation: &isolation, current: &current };
//! client.capture_message("out of stock", None, scopes);
//!
//! let mut bytes = Vec::new();
//! kept.0.lock().unwrap()[0].encode(&mut bytes);
//! assert!(String::from_utf8_lossy(&bytes).contains(r#""tags":{"order":"1002"}"#));
//! # Ok::<(), watchpost_core::Error>(())
//! ```

mod attachment;
mod backpressure;
mod breadcrumbs;
mod client;
mod client_reports;
mod clock;
mod crash;
mod diagnostics;
mod dsn;
mod envelope;
mod error;
mod fork;
mod http;
mod json;
mod rng;
mod scope;
mod serverless;
mod session;
mod sync;
mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
mod text;
mod tracing;
mod transport;
mod upload;

mod hook;
mod options;
mod pipeline;
mod protocol;

pub use crate::attachment::Attachment;
pub use crate::backpressure::Backpressure;
pub use crate::client::{Client, ClientBuilder};
pub use crate::client_reports::{ClientReport, ClientReports, Discarded};
pub use crate::clock::{Clock, ManualClock, SystemClock};
pub use crate::crash::{Crash, CrashRecorder};
pub use crate::diagnostics::{DiagnosticSink, Diagnostics};
pub use crate::dsn::Dsn;
pub use crate::envelope::{
    Envelope, EnvelopeHeader, EnvelopeReader, Item, ItemHeader, ItemReader, ItemType, RAW_FRAMES,
};
pub use crate::error::{Error, Result};
pub use crate::fork::{ForkLock, bump_generation, generation};
pub use crate::hook::{
    BreadcrumbHook, ErrorSampler, EventHook, Hint, HookFailure, HookOutcome, contain, in_hook,
};
pub use crate::hook::{CheckInHook, LogHook, MetricHook};
pub use crate::http::{
    BodyPlace, BodyTee, Exchange, IncomingRequest, OutgoingRequest, RequestBody, RequestHead,
};
pub use crate::json::write as write_json;
pub use crate::options::{ClientOptions, Compression, Spotlight, TransportOptions};
pub use crate::options::{Collect, CollectBodies, DataCollection, MaxRequestBodySize, ScrubPatterns};
pub use crate::pipeline::{
    BreadcrumbShape, BreadcrumbWriter, JsonMap, JsonParts, JsonScrubber, JsonTree, PlainBreadcrumb,
    PlainValue,
};
pub use crate::protocol::{
    Attribute, AttributeValue, Attributes, CheckIn, CheckInStatus, Feedback, Log, LogLevel, Metric,
    MetricType, MonitorConfig, Schedule, ScheduleUnit,
};
pub use crate::protocol::{
    Breadcrumb, Category, Context, Data, DebugImage, DebugMeta, DiscardReason, Errno, Event, EventId,
    Exception, Frame, Geo, HeldBreadcrumbs, Level, LogEntry, LookUp, MachException, Map, Measurement,
    Measurements, Mechanism, MechanismMeta, Modules, NsError, Request, SdkInfo, SdkPackage, SdkSettings,
    SessionAggregates, SessionAttributes, SessionBucket, SessionStatus, SessionUpdate, SignalMeta, SpanId,
    SpanLink, SpanPayload, SpanStatus, SpanV2, SpanV2Link, SpanV2Status, Stacktrace, Tags, Thread, Timestamp,
    TraceId, TransactionInfo, TransactionSource, User, Value, Walked,
};
pub use crate::rng::{OsRng, Rng, SeededRng};
pub use crate::scope::{PropagationContext, Scope, Scopes, SharedScope};
pub use crate::serverless::delivery_time;
pub use crate::session::{CountedRequest, Ending, LastWords, LiveSession, RequestSession, Vanished};
pub use crate::text::Text;
pub use crate::tracing::{
    IgnoreSpan, Label, OtelKind, OtelRemote, OtelStatus, Pattern, SampleRand, SamplingContext, Span,
    SpanHook, SpanOptions, TraceHeaders, TracesSampler, TransactionOptions, otel_trace,
};
pub use crate::transport::{Buffers, Flushed, Resolver, Transport};
pub use crate::upload::{UploadRequest, UploadResponse, UploadResult, Uploader};
