//! Traces: transactions and spans, who decides whether they are sent, and how a trace goes from service to service.

mod dsc;
mod headers;
mod ignore;
mod incoming;
mod label;
mod otel;
mod pattern;
mod sample_rand;
mod sampler;
mod segment;
mod span;
mod stream;
mod targets;
mod trace_headers;
mod transaction;

pub(crate) use self::dsc::Dsc;
pub(crate) use self::headers::TraceHeader;
pub use self::ignore::IgnoreSpan;
pub(crate) use self::ignore::is_ignored;
pub(crate) use self::incoming::Incoming;
pub use self::label::Label;
pub use self::otel::{OtelKind, OtelRemote, OtelStatus, otel_trace};
pub use self::pattern::Pattern;
pub use self::sample_rand::SampleRand;
pub(crate) use self::sampler::{Decision, decide};
pub use self::sampler::{SamplingContext, TracesSampler};
pub(crate) use self::segment::{Closed, Segment};
pub use self::span::Span;
pub(crate) use self::span::{Passive, Root, ids};
pub use self::stream::SpanHook;
pub(crate) use self::stream::{MAX_ITEM_BYTES, SpanBuffer, Written, write as write_span};
pub(crate) use self::targets::{is_own, may_propagate};
pub use self::trace_headers::TraceHeaders;
pub use self::transaction::{SpanOptions, TransactionOptions};
