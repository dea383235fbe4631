//! What a native crash handler noted before the crash: the event as it would be, and breadcrumbs in two files, of which
//! one is written while the other is full.

use watchpost_core::ItemHeader;

use crate::json::{Map, Value};
use crate::msgpack;
use crate::normalize;

/// Files of one crash that are no attachments but parts of its event.
#[derive(Debug, Default)]
pub(super) struct Notes {
    event: Map,
    trails: Vec<Vec<Value>>,
}

/// A part of an event.
enum Note {
    Event,
    Trail,
}

impl Note {
    /// By the type that says so, or by the name that crash handlers give it.
    fn of(header: &ItemHeader) -> Option<Self> {
        match (header.attachment_type.as_deref(), header.filename.as_deref()) {
            (Some("event.payload"), _) | (_, Some("__sentry-event")) => Some(Self::Event),
            (Some("event.breadcrumbs"), _) | (_, Some("__sentry-breadcrumb1" | "__sentry-breadcrumb2")) => {
                Some(Self::Trail)
            }
            _ => None,
        }
    }
}

impl Notes {
    /// Takes the notes from among items; what cannot be read stays a file like others.
    pub(super) fn take(items: &mut Vec<(ItemHeader, &[u8])>) -> Option<Self> {
        let mut notes = Self::default();
        let mut taken = 0;
        items.retain(|(header, payload)| {
            let Some(note) = Note::of(header).filter(|_| payload.len() <= MAX_BYTES) else { return true };
            let is_read = match note {
                Note::Event => msgpack::read_map(payload).map(|event| notes.event = event).is_some(),
                Note::Trail => {
                    let mut trail = msgpack::read_all(payload);
                    trail.retain(Value::is_object);
                    let is_read = !trail.is_empty() || payload.is_empty();
                    notes.trails.push(trail);
                    is_read
                }
            };
            taken += usize::from(is_read);
            !is_read
        });
        (taken > 0).then_some(notes)
    }

    /// Whether they say enough to be an event without one beside them.
    pub(super) fn is_event(&self) -> bool {
        !self.event.is_empty()
    }

    /// Adds what was noted where the event does not say it itself.
    pub(super) fn add_to(mut self, event: &mut Map) {
        fill(event, std::mem::take(&mut self.event));
        // The file that was written last goes last. What is full says how many are wanted.
        self.trails
            .sort_by_key(|trail| trail.last().and_then(|crumb| normalize::micros(crumb.get("timestamp")?)));
        let most = self.trails.iter().map(Vec::len).max().unwrap_or_default().min(MAX_CRUMBS);
        let mut trail: Vec<Value> = self.trails.into_iter().flatten().collect();
        trail.drain(..trail.len().saturating_sub(most));
        if !trail.is_empty() {
            event.entry("breadcrumbs").or_insert_with(|| {
                let mut values = Map::new();
                values.insert("values".into(), Value::Array(trail));
                Value::Object(values)
            });
        }
    }
}

/// Puts into a map what it does not have, and so into the maps in it.
fn fill(map: &mut Map, more: Map) {
    for (key, value) in more {
        match (map.get_mut(key.as_str()), value) {
            (Some(Value::Object(own)), Value::Object(inner)) => fill(own, inner),
            (Some(Value::Null) | None, value) => drop(map.insert(key, value)),
            (Some(_), _) => {}
        }
    }
}

/// As much as an event may have.
const MAX_BYTES: usize = 1024 * 1024;
const MAX_CRUMBS: usize = 1_000;
