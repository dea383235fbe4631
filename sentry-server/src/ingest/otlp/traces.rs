//! Spans.

use std::collections::HashMap;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{Span, span, status::StatusCode};
use serde_json::{Map, Value, json};

use super::Told;
use super::exceptions::{self, Place};
use super::value::{attributes, hex, of_resource, seconds, text};

pub(super) fn told(export: ExportTraceServiceRequest) -> Told {
    let mut told = Told::default();
    for group in &export.resource_spans {
        let resource = of_resource(group.resource.as_ref());
        let spans: Vec<&Span> = group.scope_spans.iter().flat_map(|scope| &scope.spans).collect();
        let by_id: HashMap<&[u8], &Span> =
            spans.iter().map(|span| (span.span_id.as_slice(), *span)).collect();
        for span in &spans {
            let segment = segment(span, &by_id);
            told.entries.push(entry(span, &resource, segment));
            told.events.extend(thrown(span, &resource, segment));
        }
    }
    told
}

/// The exceptions that a span tells of.
fn thrown(span: &Span, resource: &Map<String, Value>, segment: Option<&Span>) -> Vec<Value> {
    let happened = span.events.iter().filter(|event| event.name == "exception");
    let event = |event: &span::Event| {
        let place = Place {
            resource,
            attributes: &attributes(&span.attributes),
            trace: hex(&span.trace_id),
            span: hex(&span.span_id),
            parent: hex(&span.parent_span_id),
            segment: segment.map(|segment| segment.name.as_str()),
            origin: ORIGIN,
        };
        exceptions::event(&attributes(&event.attributes), seconds(event.time_unix_nano), "error", &place)
    };
    happened.filter_map(event).collect()
}

fn entry(span: &Span, resource: &Map<String, Value>, segment: Option<&Span>) -> Value {
    let mut all = resource.clone();
    all.extend(attributes(&span.attributes));
    let put = |all: &mut Map<String, Value>, name: &str, value: String| {
        all.entry(name).or_insert_with(|| json!({ "value": value, "type": "string" }));
    };
    let op = operation(span.kind, &all);
    put(&mut all, "sentry.op", op);
    put(&mut all, "sentry.origin", ORIGIN.to_owned());
    if let Some(segment) = segment {
        put(&mut all, "sentry.segment.name", segment.name.clone());
        put(&mut all, "sentry.segment.id", hex(&segment.span_id));
    }
    let failed = span.status.as_ref().is_some_and(|status| status.code == StatusCode::Error as i32);
    if let Some(status) = span.status.as_ref().filter(|status| !status.message.is_empty()) {
        put(&mut all, "sentry.status.message", status.message.clone());
    }
    let mut entry = json!({
        "trace_id": hex(&span.trace_id),
        "span_id": hex(&span.span_id),
        "name": span.name,
        "status": if failed { "error" } else { "ok" },
        "is_segment": begins_segment(span),
        "start_timestamp": seconds(span.start_time_unix_nano),
        "end_timestamp": seconds(span.end_time_unix_nano),
        "attributes": all,
    });
    if !span.parent_span_id.is_empty() {
        entry["parent_span_id"] = hex(&span.parent_span_id).into();
    }
    if !span.links.is_empty() {
        let link = |link: &span::Link| {
            json!({ "trace_id": hex(&link.trace_id), "span_id": hex(&link.span_id),
                    "attributes": attributes(&link.attributes) })
        };
        entry["links"] = span.links.iter().map(link).collect();
    }
    entry
}

/// A span without a parent, or one whose parent is said to be in another process.
fn begins_segment(span: &Span) -> bool {
    const HAS_IS_REMOTE: u32 = 0x100;
    const IS_REMOTE: u32 = 0x200;
    span.parent_span_id.is_empty() || span.flags & (HAS_IS_REMOTE | IS_REMOTE) == HAS_IS_REMOTE | IS_REMOTE
}

/// The segment that a span belongs to, where all on the way to it came along.
fn segment<'a>(span: &'a Span, by_id: &HashMap<&[u8], &'a Span>) -> Option<&'a Span> {
    let mut at = span;
    for _ in 0..MAX_ANCESTORS {
        if begins_segment(at) {
            return Some(at);
        }
        at = by_id.get(at.parent_span_id.as_slice())?;
    }
    None
}

/// The operation, by the attributes that the semantic conventions require of it.
fn operation(kind: i32, attributes: &Map<String, Value>) -> String {
    const SERVER: i32 = 2;
    const CLIENT: i32 = 3;
    const PRODUCER: i32 = 4;
    const CONSUMER: i32 = 5;
    let has = |names: &[&str]| names.iter().any(|name| attributes.contains_key(*name));
    if let Some(op) = text(attributes, "sentry.op") {
        return op.to_owned();
    }
    let op = if has(&["http.request.method", "http.method"]) {
        match kind {
            SERVER => "http.server",
            CLIENT => "http.client",
            _ => "http",
        }
    } else if has(&["db.system.name", "db.system"]) {
        "db"
    } else if has(&["rpc.service", "rpc.system"]) {
        "rpc"
    } else if has(&["messaging.system"]) {
        match kind {
            PRODUCER => "queue.publish",
            CONSUMER => "queue.process",
            _ => "message",
        }
    } else if has(&["faas.trigger"]) {
        "function"
    } else {
        "default"
    };
    op.to_owned()
}

const ORIGIN: &str = "auto.otlp.spans";
const MAX_ANCESTORS: usize = 1_000;
