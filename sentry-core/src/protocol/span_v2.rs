//! A finished span that travels by itself.

use serde::{Deserialize, Serialize};

use super::lists::wire_names;
use super::{Attributes, SpanId, SpanV2Link, Timestamp, TraceId};
use crate::text::Text;

wire_names! {
    /// How the work of a streamed span ended.
    pub enum SpanV2Status {
        /// Nothing went wrong, or nobody said so.
        Ok = "ok",
        /// It failed.
        Error = "error",
    }
}

/// A span that has ended, as it is streamed (span protocol, published spec).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpanV2 {
    /// The trace that it belongs to.
    pub trace_id: TraceId,
    /// Its own id.
    pub span_id: SpanId,
    /// The span that it was started in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_span_id: Option<SpanId>,
    /// What it stands for, in words of which there are few.
    pub name: Text,
    /// How it ended.
    pub status: SpanV2Status,
    /// True for the root of a service's part of the trace.
    pub is_segment: bool,
    /// When it began.
    pub start_timestamp: Timestamp,
    /// When it ended.
    pub end_timestamp: Timestamp,
    /// All else that is known about it.
    #[serde(default)]
    pub attributes: Attributes,
    /// Other spans that it has to do with, 128 at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<SpanV2Link>,
}
