//! Containers: `{"items": [..]}`.

use serde_json::{Map, Value};

use super::{Arrival, object};
use crate::store::{Common, Place};

/// The entries of a container; an object without `items` is the only entry of its own.
pub(super) fn entries(payload: &[u8]) -> Result<Vec<Value>, &'static str> {
    let mut object = object(payload)?;
    match object.remove("items") {
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err("malformed"),
        None => Ok(vec![Value::Object(object)]),
    }
}

/// Turns entries into rows; what is no entry, or one too many, is counted.
pub(super) fn rows<T>(
    entries: &[Value],
    arrival: &Arrival,
    row: impl Fn(&Map<String, Value>, Place) -> Option<T>,
) -> (Vec<T>, i64) {
    let mut rows = Vec::with_capacity(entries.len().min(MAX_ENTRIES));
    let mut rejected = 0;
    for (index, entry) in entries.iter().enumerate() {
        let place = Place { item: arrival.seq, index: index as u32 };
        let made = entry.as_object().filter(|_| index < MAX_ENTRIES).and_then(|entry| row(entry, place));
        match made {
            Some(made) => rows.push(made),
            None => rejected += 1,
        }
    }
    (rows, rejected)
}

/// What all entries have in common with their kind.
pub(super) fn common(entry: &Map<String, Value>, arrival: &Arrival, place: Place, time: &str) -> Common {
    let attributes = super::attributes::Attributes::of(entry);
    Common {
        place,
        project: arrival.project,
        timestamp: arrival.time(entry.get(time)),
        trace: super::hex(entry.get("trace_id")),
        span: super::hex(entry.get("span_id")),
        release: attributes.release(),
        environment: attributes.environment(),
    }
}

/// Published limits are 100 logs or metrics and 1,000 spans; the place of a row has room for four times as many.
const MAX_ENTRIES: usize = 4_000;
