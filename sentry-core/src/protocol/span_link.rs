//! What ties a span to another one that is not its parent.

use serde::{Deserialize, Serialize};

use super::lists::null_is_default;
use super::{AttributeValue, Attributes, Map, SpanId, TraceId, Value};
use crate::tracing::Span;

/// How many links a span has at most (OpenTelemetry's default).
pub(crate) const MAX_LINKS: usize = 128;

/// A link to a span, of whatever trace (span links, published spec): the message that a batch was made of, the trace
/// that the user came from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SpanLink {
    /// The trace of the other span.
    pub trace_id: TraceId,
    /// The other span.
    pub span_id: SpanId,
    /// Whether the other span was sent, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampled: Option<bool>,
    /// What the link means: `sentry.link.type`, and the application's own.
    #[serde(default, skip_serializing_if = "Map::is_empty", deserialize_with = "null_is_default")]
    pub attributes: Map,
}

impl SpanLink {
    /// A link to this span.
    pub fn to(span: &Span) -> Self {
        let (trace_id, span_id) = (span.trace_id(), span.span_id());
        Self { trace_id, span_id, sampled: span.sampled(), attributes: Map::new() }
    }

    /// The same with an attribute.
    #[must_use]
    pub fn attribute(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.attributes.insert(key.into(), value.into());
        self
    }
}

/// The same on a span that is streamed: attributes have types.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SpanV2Link {
    /// The trace of the other span.
    pub trace_id: TraceId,
    /// The other span.
    pub span_id: SpanId,
    /// Whether the other span was sent, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampled: Option<bool>,
    /// What the link means.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
}

impl From<SpanLink> for SpanV2Link {
    fn from(link: SpanLink) -> Self {
        let SpanLink { trace_id, span_id, sampled, attributes } = link;
        let typed = attributes
            .iter()
            .filter_map(|(key, value)| Some((key.as_str(), AttributeValue::from_json(value)?)));
        Self { trace_id, span_id, sampled, attributes: typed.collect() }
    }
}
