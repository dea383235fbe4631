//! What attributes of OpenTelemetry say in our words.

use opentelemetry::trace::{SpanKind, Status};
use opentelemetry::{Array, KeyValue, Value as Theirs};
use watchpost_core::{OtelKind, OtelStatus, SpanStatus, Value};

pub(super) fn op(kind: &SpanKind, attributes: &[KeyValue]) -> &'static str {
    let kind = match kind {
        SpanKind::Internal => OtelKind::Internal,
        SpanKind::Server => OtelKind::Server,
        SpanKind::Client => OtelKind::Client,
        SpanKind::Producer => OtelKind::Producer,
        SpanKind::Consumer => OtelKind::Consumer,
    };
    kind.op(|key| attributes.iter().any(|own| own.key.as_str() == key))
}

pub(super) fn status(status: &Status, attributes: &[KeyValue]) -> SpanStatus {
    let code = attributes.iter().find_map(|own| match &own.value {
        Theirs::I64(code) if OtelStatus::HTTP_CODES.contains(&own.key.as_str()) => u16::try_from(*code).ok(),
        _ => None,
    });
    let status = match status {
        Status::Unset => OtelStatus::Unset,
        Status::Ok => OtelStatus::Ok,
        Status::Error { .. } => OtelStatus::Error,
    };
    status.status(code)
}

/// True if the name is that of a route.
pub(super) fn is_route(attributes: &[KeyValue]) -> bool {
    attributes.iter().any(|own| own.key.as_str() == "http.route")
}

pub(super) fn value(theirs: &Theirs) -> Value {
    match theirs {
        Theirs::Bool(value) => (*value).into(),
        Theirs::I64(value) => (*value).into(),
        Theirs::F64(value) => (*value).into(),
        Theirs::String(value) => value.as_str().into(),
        Theirs::Array(Array::Bool(list)) => list.clone().into(),
        Theirs::Array(Array::I64(list)) => list.clone().into(),
        Theirs::Array(Array::F64(list)) => list.clone().into(),
        Theirs::Array(Array::String(list)) => list.iter().map(|value| value.as_str()).collect(),
        other => other.to_string().into(),
    }
}
