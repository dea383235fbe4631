//! What spans of OpenTelemetry mean in our words: for the bridges of all languages.

use crate::protocol::{SpanId, SpanStatus, TraceId};
use crate::rng::OsRng;
use crate::scope::PropagationContext;
use crate::tracing::TraceHeader;

/// Which part a span has in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtelKind {
    /// Work inside of the process.
    Internal,
    /// Answers a request.
    Server,
    /// Makes a request.
    Client,
    /// Hands over a message.
    Producer,
    /// Takes a message.
    Consumer,
}

impl OtelKind {
    /// By the numbers of OpenTelemetry's packages; those that are unknown are internal.
    pub fn from_number(number: u32) -> Self {
        match number {
            1 => Self::Server,
            2 => Self::Client,
            3 => Self::Producer,
            4 => Self::Consumer,
            _ => Self::Internal,
        }
    }

    /// `http.server`, `db`, `rpc` ... by the semantic conventions; `has` says which attributes there are.
    pub fn op(self, has: impl Fn(&str) -> bool) -> &'static str {
        let any = |keys: &[&str]| keys.iter().any(|key| has(key));
        if any(&["http.request.method", "http.method"]) {
            return if self == Self::Server { "http.server" } else { "http.client" };
        }
        if any(&["db.system", "db.system.name"]) {
            return "db";
        }
        if any(&["rpc.system", "rpc.system.name"]) {
            return "rpc";
        }
        match self {
            Self::Producer => "queue.publish",
            Self::Consumer => "queue.process",
            _ if has("messaging.system") => "queue",
            _ => "default",
        }
    }
}

/// How a span of OpenTelemetry ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtelStatus {
    /// Nobody said.
    Unset,
    /// Somebody said that it went well.
    Ok,
    /// It failed.
    Error,
}

impl OtelStatus {
    /// The attributes that have the HTTP status, the present one first.
    pub const HTTP_CODES: [&'static str; 2] = ["http.response.status_code", "http.status_code"];

    /// By the numbers of OpenTelemetry's packages; those that are unknown say nothing.
    pub fn from_number(number: u32) -> Self {
        match number {
            1 => Self::Ok,
            2 => Self::Error,
            _ => Self::Unset,
        }
    }

    /// An error is the HTTP status's, if there is one; what is not said went well.
    pub fn status(self, http_code: Option<u16>) -> SpanStatus {
        let by_code = http_code.and_then(SpanStatus::from_http);
        match self {
            Self::Ok => SpanStatus::Ok,
            Self::Unset => by_code.unwrap_or(SpanStatus::Ok),
            Self::Error => by_code.filter(|status| !status.is_ok()).unwrap_or(SpanStatus::UnknownError),
        }
    }
}

/// A span of another service, as `sentry-trace` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtelRemote {
    /// Its trace.
    pub trace_id: TraceId,
    /// The span.
    pub span_id: SpanId,
    /// False if it is not sent. Where the decision is left open, it is made here: by the sampler of OpenTelemetry as for a
    /// sampled parent, then by our own.
    pub sampled: bool,
}

impl OtelRemote {
    /// Reads a `sentry-trace`; nothing if it is none.
    pub fn parse(header: &str) -> Option<Self> {
        let TraceHeader { trace_id, span_id, sampled } = TraceHeader::parse_sentry(header)?;
        Some(Self { trace_id, span_id, sampled: sampled.unwrap_or(true) })
    }
}

/// The trace that a span without a parent in this process belongs to. One that `arrived` and may not be continued (of
/// another organisation) is one that did not arrive.
pub fn otel_trace(
    trace_id: TraceId,
    parent: Option<SpanId>,
    arrived: Option<PropagationContext>,
) -> PropagationContext {
    let arrived = arrived.filter(|arrived| arrived.trace_id() == trace_id);
    arrived.unwrap_or_else(|| PropagationContext::of_trace(trace_id, parent, &OsRng))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses() {
        assert_eq!(OtelStatus::Unset.status(Some(404)), SpanStatus::NotFound);
        assert_eq!(OtelStatus::Unset.status(None), SpanStatus::Ok);
        assert_eq!(OtelStatus::Ok.status(Some(500)), SpanStatus::Ok);
        assert_eq!(OtelStatus::Error.status(Some(200)), SpanStatus::UnknownError);
        assert_eq!(OtelStatus::Error.status(Some(503)), SpanStatus::Unavailable);
    }

    #[test]
    fn operations() {
        let method = |name: &str| name == "http.request.method";
        assert_eq!(OtelKind::Server.op(method), "http.server");
        assert_eq!(OtelKind::Client.op(method), "http.client");
        assert_eq!(OtelKind::Client.op(|name| name == "db.system.name"), "db");
        assert_eq!(OtelKind::Consumer.op(|_| false), "queue.process");
        assert_eq!(OtelKind::Internal.op(|_| false), "default");
    }

    #[test]
    fn an_open_decision_is_made_here() {
        let sampled = |flag: &str| {
            let header = format!("771a43a4192642f0b136d5159a501700-b7ad6b7169203331{flag}");
            OtelRemote::parse(&header).map(|remote| remote.sampled)
        };
        assert_eq!([sampled(""), sampled("-1"), sampled("-0")], [Some(true), Some(true), Some(false)]);
        assert_eq!((sampled("-x"), OtelRemote::parse("nonsense")), (None, None));
    }
}
