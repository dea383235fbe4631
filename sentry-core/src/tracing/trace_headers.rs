//! What takes a trace along to another service.

use crate::tracing::Dsc;
use crate::tracing::headers::{self, TraceHeader};

/// The headers of an outgoing request or message (trace propagation, published spec 1.9.0).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceHeaders {
    /// `sentry-trace`: trace, span, and the decision unless it is left open.
    pub sentry_trace: String,
    /// `baggage`: what the request had of others, followed by what is known about the trace. Replaces the header that
    /// the request had; empty if there is nothing to say.
    pub baggage: String,
    /// `traceparent`, where the option `propagate_traceparent` asks for it.
    pub traceparent: Option<String>,
}

impl TraceHeaders {
    pub(crate) fn new(header: TraceHeader, dsc: Option<&Dsc>, baggage: Option<&str>) -> Self {
        let entries = dsc.into_iter().flat_map(Dsc::entries);
        Self {
            sentry_trace: header.to_sentry(),
            baggage: headers::append_baggage(baggage.unwrap_or(""), entries),
            traceparent: None,
        }
    }

    /// Name and value of each header that is to be set.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let baggage = Some(self.baggage.as_str()).filter(|value| !value.is_empty());
        let all = [
            ("sentry-trace", Some(self.sentry_trace.as_str())),
            ("baggage", baggage),
            ("traceparent", self.traceparent.as_deref()),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }

    /// Name and value of the environment variables that take the trace along to a child process.
    pub fn env(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.iter().filter_map(|(name, value)| match name {
            "sentry-trace" => Some(("SENTRY_TRACE", value)),
            "baggage" => Some(("SENTRY_BAGGAGE", value)),
            _ => None,
        })
    }
}
