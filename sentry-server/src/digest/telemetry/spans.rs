//! Spans: of transactions, and sent by themselves in either form.

use super::attributes::Attributes;
use super::container::{Container, Made};
use super::{Arrival, MAX_NAME, Read, Rules, container, hex, text};
use crate::json::{Map, Value};
use crate::normalize::{self, NormalizedEvent};
use crate::store::{Common, Place, ProjectId, Rows, SpanRow};

/// The spans of a normalised transaction; the first is the transaction itself.
pub(in crate::digest) fn of_transaction(
    event: &NormalizedEvent,
    project: ProjectId,
    seq: u64,
) -> Vec<SpanRow> {
    let segment = event.transaction.clone().unwrap_or_default();
    let empty = Map::new();
    let context = event.body.get("contexts").and_then(|contexts| contexts.get("trace")?.as_object());
    let context = context.unwrap_or(&empty);
    let trace = hex(context.get("trace_id"));
    let mut root = of_entry(context, &event.body, "timestamp", &segment);
    root.is_segment = true;
    root.description.clone_from(&segment);
    let inner = event.body.get("spans").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let inner = inner.iter().filter_map(Value::as_object).take(MAX_INNER);
    let mut spans = vec![root];
    spans.extend(inner.map(|span| of_entry(span, span, "timestamp", &segment)));
    for (index, span) in spans.iter_mut().enumerate() {
        span.common.place = Place { item: seq, index: index as u32 };
        span.common.project = project;
        span.common.trace = span.common.trace.or(trace);
        span.common.release.clone_from(&event.release);
        span.common.environment = Some(event.environment.clone());
    }
    spans
}

pub(super) fn read(payload: &[u8], arrival: &Arrival, rules: Rules<'_>) -> Result<Read, &'static str> {
    let container = Container::open(payload, rules)?;
    let made = container::rows(&container, arrival, |entry, place| {
        let attributes = Attributes::of(entry);
        let end = if entry.contains_key("end_timestamp") { "end_timestamp" } else { "timestamp" };
        let segment = ["sentry.segment.name", "sentry.transaction", "transaction"];
        let segment = segment.iter().find_map(|key| attributes.text(key, MAX_NAME));
        let mut span = of_entry(entry, entry, end, "");
        // A span without an id or a beginning is no span.
        span.common.span?;
        entry.get("start_timestamp")?;
        span.is_segment = entry.get("is_segment").and_then(Value::as_bool).unwrap_or(false);
        let common = container::common(entry, arrival, place, "start_timestamp");
        span.common = common;
        span.op = attributes.text("sentry.op", MAX_NAME).unwrap_or(span.op);
        if let Some(name) = text(entry, "name", MAX_DESCRIPTION) {
            span.description = name;
        }
        span.segment = segment.unwrap_or_else(|| match span.is_segment {
            true => span.description.clone(),
            false => String::new(),
        });
        Some(span)
    });
    let (counts, unwanted) = made.counts("span", None, payload.len());
    let Made { rows: spans, rejected, oversized, .. } = made;
    Ok(Read {
        keep: !spans.is_empty(),
        rows: Rows { spans, ..Rows::default() },
        counts,
        unwanted,
        replacement: container.replacement(),
        rejected,
        oversized,
        ..Read::default()
    })
}

/// What the old form says of a span in `what` and, of its times, in `when`.
fn of_entry(what: &Map, when: &Map, end: &str, segment: &str) -> SpanRow {
    let start = when.get("start_timestamp").and_then(normalize::micros);
    let end = when.get(end).and_then(normalize::micros);
    SpanRow {
        common: Common {
            timestamp: start.or(end).unwrap_or_default(),
            trace: hex(what.get("trace_id")),
            span: hex(what.get("span_id")),
            ..Common::default()
        },
        parent: hex(what.get("parent_span_id")),
        segment: segment.to_owned(),
        is_segment: false,
        op: text(what, "op", MAX_NAME).unwrap_or_default(),
        description: text(what, "description", MAX_DESCRIPTION).unwrap_or_default(),
        status: text(what, "status", 32).unwrap_or_default(),
        duration: start.zip(end).map_or(0, |(start, end)| (end - start).max(0)),
    }
}

const MAX_DESCRIPTION: usize = 512;
/// Published limit: 1,000 spans in a transaction.
const MAX_INNER: usize = 2_000;

#[cfg(test)]
mod tests {
    use super::super::tests::{NO_RULES, arrival};
    use super::*;

    #[test]
    fn both_forms_become_the_same_row() {
        let new = br#"{"version":2,"items":[{"name":"SELECT 1","span_id":"0102030405060708","status":"ok",
            "trace_id":"0102030405060708090a0b0c0d0e0f10","start_timestamp":1795365080.0,
            "end_timestamp":1795365080.25,"attributes":{"sentry.op":{"value":"db","type":"string"},
            "sentry.segment.name":{"value":"GET /","type":"string"}}},{"span_id":"x","start_timestamp":1},{}]}"#;
        let old = br#"{"description":"SELECT 1","op":"db","span_id":"0102030405060708","status":"ok",
            "trace_id":"0102030405060708090a0b0c0d0e0f10","start_timestamp":1795365080.0,
            "timestamp":1795365080.25,"data":{"sentry.segment.name":"GET /"}}"#;
        let (new, old) = (read(new, &arrival(), NO_RULES).unwrap(), read(old, &arrival(), NO_RULES).unwrap());
        assert_eq!((new.rejected, old.rejected), (2, 0));
        assert_eq!(new.rows.spans, old.rows.spans);
        let span = &new.rows.spans[0];
        assert_eq!((span.duration, span.op.as_str(), span.segment.as_str()), (250_000, "db", "GET /"));
    }
}
