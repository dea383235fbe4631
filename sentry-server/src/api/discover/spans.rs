//! The data set of spans.

use serde_json::{Map, Value};

use super::telemetry::{self, Set};
use crate::auth::hex;
use crate::store::{SpanRow, Store, TelemetryFilter};

pub(super) const SET: Set<SpanRow> = Set {
    list: |store: &dyn Store, filter| store.spans(filter),
    common: |span| &span.common,
    row: |span| {
        let milliseconds = span.duration as f64 / 1_000.0;
        let of_segment = |value: Value| if span.is_segment { value } else { Value::Null };
        vec![
            ("id", span.common.span.map_or(Value::Null, |id| hex(&id).into())),
            ("parent_span", span.parent.map_or(Value::Null, |id| hex(&id).into())),
            ("transaction", span.segment.clone().into()),
            ("is_transaction", span.is_segment.into()),
            ("span.op", span.op.clone().into()),
            ("transaction.op", of_segment(span.op.clone().into())),
            ("span.description", span.description.clone().into()),
            ("span.status", span.status.clone().into()),
            ("span.duration", milliseconds.into()),
            ("transaction.duration", of_segment(milliseconds.into())),
        ]
    },
    attributes,
};

/// Those of them that are transactions, or segments as they are called now.
pub(super) const SEGMENTS: Set<SpanRow> = Set {
    list: |store: &dyn Store, filter| store.spans(&TelemetryFilter { segments_only: true, ..filter.clone() }),
    ..SET
};

/// Of an entry of a container, or of a transaction (the first) and its spans.
fn attributes(source: &Value, index: usize) -> Vec<(String, Value)> {
    if source.get("type").and_then(Value::as_str) != Some("transaction") {
        return telemetry::of_entry(source, index);
    }
    let spans = source.get("spans").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let Some(before) = index.checked_sub(1) else { return of_transaction(source) };
    // Rows were made of those that are objects.
    let span = spans.iter().filter(|span| span.is_object()).nth(before);
    let parts = ["data", "tags"].iter().filter_map(|name| span?.get(*name)?.as_object());
    parts.flat_map(telemetry::plain).collect()
}

/// What its trace says, its tags and its measurements.
fn of_transaction(event: &Value) -> Vec<(String, Value)> {
    let data = event.get("contexts").and_then(|contexts| contexts.get("trace")?.get("data")?.as_object());
    let mut all = data.map(telemetry::plain).unwrap_or_default();
    for pair in event.get("tags").and_then(Value::as_array).into_iter().flatten() {
        if let (Some(name), Some(value)) = (pair.get(0).and_then(Value::as_str), pair.get(1)) {
            all.push((name.to_owned(), value.clone()));
        }
    }
    let empty = Map::new();
    let measured = event.get("measurements").and_then(Value::as_object).unwrap_or(&empty);
    let named = telemetry::plain(measured).into_iter();
    all.extend(named.map(|(name, value)| (format!("measurements.{name}"), value)));
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_transaction_has_attributes_and_so_have_its_spans() {
        let event = json!({
            "type": "transaction",
            "contexts": { "trace": { "data": { "http.request.method": "GET" } } },
            "tags": [["tenant", "acme"]],
            "measurements": { "lcp": { "value": 12.5, "unit": "millisecond" } },
            "spans": [null, { "data": { "db.system": "sqlite" }, "tags": { "shard": "3" } }, {}],
        });
        let of = |index| Value::Object(attributes(&event, index).into_iter().collect());
        assert_eq!(
            of(0),
            json!({ "http.request.method": "GET", "tenant": "acme", "measurements.lcp": 12.5 })
        );
        assert_eq!(of(1), json!({ "db.system": "sqlite", "shard": "3" }));
        assert_eq!((of(2), of(3)), (json!({}), json!({})));
        let container = json!({ "version": 2, "items": [{ "attributes": { "a": { "value": 1 } } }] });
        assert_eq!(attributes(&container, 0), [("a".to_owned(), json!(1))]);
    }
}
