//! Containers: `{"items": [..]}`.

use watchpost_core::JsonScrubber;

use super::attributes::Attributes;
use super::{Arrival, Rules, object};
use crate::json::{Map, Value};
use crate::store::{Common, Place};

/// A container that was opened.
pub(super) struct Container {
    /// What stands beside the entries.
    rest: Map,
    entries: Vec<Value>,
    is_bare: bool,
    is_changed: bool,
    /// Entries over their limit; `null` stands where they were, so that the others keep their places.
    oversized: i64,
    /// Entries of a release that is filtered, likewise, and about as many bytes as they had.
    unwanted: i64,
    unwanted_bytes: i64,
}

impl Container {
    /// Opens a container, leaves out entries that are too large or of an unwanted release, and masks secrets in the others;
    /// an object without `items` is the only entry of its own.
    pub(super) fn open(payload: &[u8], rules: Rules<'_>) -> Result<Self, &'static str> {
        let Rules { scrubber, filters, max_entry } = rules;
        let mut rest = object(payload)?;
        let (entries, is_bare) = match rest.shift_remove("items") {
            Some(Value::Array(items)) => (items, false),
            Some(_) => return Err("malformed"),
            None => (vec![Value::Object(std::mem::take(&mut rest))], true),
        };
        let mut container =
            Self { rest, entries, is_bare, is_changed: false, oversized: 0, unwanted: 0, unwanted_bytes: 0 };
        // Most containers are smaller than an entry may be.
        if payload.len() > max_entry {
            for entry in container.entries.iter_mut().filter(|entry| written_bytes(entry) > max_entry) {
                *entry = Value::Null;
                container.oversized += 1;
                container.is_changed = true;
            }
        }
        if filters.is_some() {
            container.filter(rules);
        }
        if let Some(scrubber) = scrubber {
            container.is_changed |= container.scrub(scrubber);
        }
        Ok(container)
    }

    fn filter(&mut self, rules: Rules<'_>) {
        for entry in &mut self.entries {
            let release = entry.as_object().and_then(|entry| Attributes::of(entry).release());
            if rules.filters_release(release.as_deref()) {
                self.unwanted += 1;
                self.unwanted_bytes += written_bytes(entry) as i64;
                self.is_changed = true;
                *entry = Value::Null;
            }
        }
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

/// What was made of a container's entries.
pub(super) struct Made<T> {
    pub(super) rows: Vec<T>,
    /// Entries that could not be used.
    pub(super) rejected: i64,
    /// Entries over their limit.
    pub(super) oversized: i64,
    unwanted: i64,
    unwanted_bytes: i64,
}

/// What an item counts as: category and quantity.
type Counts = Vec<(&'static str, i64)>;

impl<T> Made<T> {
    /// What is taken and what is not wanted, of a payload of so many bytes: the number of entries, and their bytes where they
    /// are counted.
    pub(super) fn counts(
        &self,
        entries: &'static str,
        bytes: Option<&'static str>,
        payload: usize,
    ) -> (Counts, Counts) {
        let both = |number: i64, size: i64| {
            if number == 0 && self.unwanted > 0 {
                return Vec::new();
            }
            std::iter::once((entries, number)).chain(bytes.map(|bytes| (bytes, size))).collect()
        };
        let taken = both(self.rows.len() as i64, (payload as i64 - self.unwanted_bytes).max(0));
        let unwanted = if self.unwanted > 0 { both(self.unwanted, self.unwanted_bytes) } else { Vec::new() };
        (taken, unwanted)
    }
}

/// Turns entries into rows; what is no entry, or one too many, is counted.
pub(super) fn rows<T>(
    container: &Container,
    arrival: &Arrival,
    row: impl Fn(&Map, Place) -> Option<T>,
) -> Made<T> {
    let entries = &container.entries;
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
    let Container { oversized, unwanted, unwanted_bytes, .. } = *container;
    Made { rows, rejected: rejected - oversized - unwanted, oversized, unwanted, unwanted_bytes }
}

/// About as many bytes as the value has as JSON without spaces.
fn written_bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 5,
        Value::String(text) => text.len() + 2,
        Value::Array(list) => list.iter().map(|value| written_bytes(value) + 1).sum::<usize>() + 2,
        Value::Object(map) => {
            map.iter().map(|(key, value)| key.as_str().len() + 4 + written_bytes(value)).sum::<usize>() + 2
        }
    }
}

/// What all entries have in common with their kind.
pub(super) fn common(entry: &Map, arrival: &Arrival, place: Place, time: &str) -> Common {
    let attributes = Attributes::of(entry);
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
