//! Containers: `{"items": [..]}`.

use watchpost_core::JsonScrubber;

use super::{Arrival, object};
use crate::json::{Map, Value};
use crate::store::{Common, Place};

/// A container that was opened.
pub(super) struct Container {
    /// What stands beside the entries.
    rest: Map,
    pub(super) entries: Vec<Value>,
    is_bare: bool,
    is_changed: bool,
}

impl Container {
    /// Opens a container and masks secrets in its entries; an object without `items` is the only entry of its own.
    pub(super) fn open(payload: &[u8], scrubber: Option<&JsonScrubber>) -> Result<Self, &'static str> {
        let mut rest = object(payload)?;
        let (entries, is_bare) = match rest.shift_remove("items") {
            Some(Value::Array(items)) => (items, false),
            Some(_) => return Err("malformed"),
            None => (vec![Value::Object(std::mem::take(&mut rest))], true),
        };
        let mut container = Self { rest, entries, is_bare, is_changed: false };
        if let Some(scrubber) = scrubber {
            container.is_changed = container.scrub(scrubber);
        }
        Ok(container)
    }

    fn scrub(&mut self, scrubber: &JsonScrubber) -> bool {
        let mut is_changed = false;
        for entry in self.entries.iter_mut().filter_map(Value::as_object_mut) {
            for (key, value) in entry.iter_mut() {
                is_changed |= match (key.as_str(), value) {
                    ("attributes" | "data" | "tags", Value::Object(attributes)) => {
                        scrubber.attributes(attributes)
                    }
                    ("body" | "name" | "description", Value::String(text)) => scrubber.free_text(text),
                    _ => false,
                };
            }
        }
        is_changed
    }

    /// The payload to keep, where it is another than the one that came.
    pub(super) fn replacement(mut self) -> Option<Vec<u8>> {
        if !self.is_changed {
            return None;
        }
        let whole = match (self.is_bare, self.entries.pop()) {
            (true, Some(only)) => only,
            (_, last) => {
                self.entries.extend(last);
                self.rest.insert("items".into(), Value::Array(self.entries));
                Value::Object(self.rest)
            }
        };
        Some(whole.to_string().into_bytes())
    }
}

/// Turns entries into rows; what is no entry, or one too many, is counted.
pub(super) fn rows<T>(
    entries: &[Value],
    arrival: &Arrival,
    row: impl Fn(&Map, Place) -> Option<T>,
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
pub(super) fn common(entry: &Map, arrival: &Arrival, place: Place, time: &str) -> Common {
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
