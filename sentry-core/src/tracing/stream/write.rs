//! From a span to its bytes.

use serde::Serialize;

use crate::protocol::{SpanId, SpanV2, SpanV2Status, Timestamp, TraceId};
use crate::telemetry::{Common, Merged, Surroundings};

/// The span with the attributes that it shares with others, without secrets; nothing if it cannot be written.
pub(crate) fn write(span: &SpanV2, surroundings: Option<&Surroundings>, common: Common<'_>) -> Vec<u8> {
    #[derive(Serialize)]
    struct Link<'a> {
        trace_id: TraceId,
        span_id: SpanId,
        #[serde(skip_serializing_if = "Option::is_none")]
        sampled: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        attributes: Option<Merged<'a>>,
    }
    #[derive(Serialize)]
    struct Wire<'a> {
        trace_id: TraceId,
        span_id: SpanId,
        #[serde(skip_serializing_if = "Option::is_none")]
        parent_span_id: Option<SpanId>,
        name: &'a str,
        status: SpanV2Status,
        is_segment: bool,
        start_timestamp: Timestamp,
        end_timestamp: Timestamp,
        attributes: Merged<'a>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        links: Vec<Link<'a>>,
    }
    let masked = common.scrubber.free_text(&span.name, usize::MAX);
    let wire = Wire {
        trace_id: span.trace_id,
        span_id: span.span_id,
        parent_span_id: span.parent_span_id,
        name: masked.as_deref().unwrap_or(&span.name),
        status: span.status,
        is_segment: span.is_segment,
        start_timestamp: span.start_timestamp,
        end_timestamp: span.end_timestamp,
        attributes: Merged::new(&span.attributes, surroundings, common),
        links: span
            .links
            .iter()
            .map(|link| Link {
                trace_id: link.trace_id,
                span_id: link.span_id,
                sampled: link.sampled,
                attributes: (!link.attributes.is_empty())
                    .then(|| Merged::new(&link.attributes, None, common)),
            })
            .collect(),
    };
    let mut bytes = Vec::with_capacity(768);
    match serde_json::to_writer(&mut bytes, &wire) {
        Ok(()) => bytes,
        Err(_) => Vec::new(),
    }
}
