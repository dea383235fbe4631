//! What attributes of OpenTelemetry say in our words.

use opentelemetry::trace::{SpanKind, Status};
use opentelemetry::{Array, KeyValue, Value as Theirs};
use watchpost_core::{SpanStatus, Value};

/// `http.server`, `db`, `rpc` ... by the semantic conventions.
pub(super) fn op(kind: &SpanKind, attributes: &[KeyValue]) -> &'static str {
    let has = |keys: &[&str]| attributes.iter().any(|own| keys.contains(&own.key.as_str()));
    if has(&["http.request.method", "http.method"]) {
        return if *kind == SpanKind::Server { "http.server" } else { "http.client" };
    }
    if has(&["db.system", "db.system.name"]) {
        return "db";
    }
    if has(&["rpc.system", "rpc.system.name"]) {
        return "rpc";
    }
    match kind {
        SpanKind::Producer => "queue.publish",
        SpanKind::Consumer => "queue.process",
        _ if has(&["messaging.system"]) => "queue",
        _ => "default",
    }
}

/// An error is the HTTP status's, if there is one; what is not said went well.
pub(super) fn status(status: &Status, attributes: &[KeyValue]) -> SpanStatus {
    let code = attributes.iter().find_map(|own| match (own.key.as_str(), &own.value) {
        ("http.response.status_code" | "http.status_code", Theirs::I64(code)) => u16::try_from(*code).ok(),
        _ => None,
    });
    let by_code = code.and_then(SpanStatus::from_http);
    match status {
        Status::Ok => SpanStatus::Ok,
        Status::Unset => by_code.unwrap_or(SpanStatus::Ok),
        Status::Error { .. } => by_code.filter(|status| !status.is_ok()).unwrap_or(SpanStatus::UnknownError),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses() {
        let code = |code: i64| vec![KeyValue::new("http.response.status_code", code)];
        let error = Status::error("it broke");
        assert_eq!(status(&Status::Unset, &code(404)), SpanStatus::NotFound);
        assert_eq!(status(&Status::Unset, &[]), SpanStatus::Ok);
        assert_eq!(status(&Status::Ok, &code(500)), SpanStatus::Ok);
        assert_eq!(status(&error, &code(200)), SpanStatus::UnknownError);
        assert_eq!(status(&error, &code(503)), SpanStatus::Unavailable);
    }

    #[test]
    fn operations() {
        let method = [KeyValue::new("http.request.method", "GET")];
        assert_eq!(op(&SpanKind::Server, &method), "http.server");
        assert_eq!(op(&SpanKind::Client, &method), "http.client");
        assert_eq!(op(&SpanKind::Client, &[KeyValue::new("db.system.name", "postgresql")]), "db");
        assert_eq!(
            (op(&SpanKind::Consumer, &[]), op(&SpanKind::Internal, &[])),
            ("queue.process", "default")
        );
    }
}
