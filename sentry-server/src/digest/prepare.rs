//! One record to the rows it makes: everything that costs CPU, on any worker, without the database.

use std::panic::{AssertUnwindSafe, catch_unwind};

use watchpost_core::{Category, EnvelopeReader, EventId, ItemHeader, ItemType, Timestamp};
use watchpost_spool::Position;

use super::telemetry::{self, Arrival};
use super::{Chunk, Parts, Prepared, limits, outcome};
use crate::group::{self, Grouping};
use crate::ingest::{Endpoint, RecordHead, stored_json};
use crate::metrics;
use crate::normalize::{self, EventKind, NormalizeContext, NormalizedEvent};
use crate::store::{Batch, KeptItem, NewEvent, NewGroup, NewItem, Rows};

pub(super) fn chunk(parts: &Parts, chunk: Chunk) -> Prepared {
    let mut batch = Batch::default();
    let last = chunk.jobs.last().map(|job| job.position);
    for job in &chunk.jobs {
        let mut record = Record {
            head: &job.head,
            position: job.position,
            rows: 0,
            batch: &mut batch,
            max_body_bytes: parts.max_body_bytes,
            invalid: 0,
        };
        // One event that trips a bug must not stop all others; what it made so far is kept.
        let done = catch_unwind(AssertUnwindSafe(|| record.read(&job.inflated)));
        if done.is_err() {
            record.drop_item(Category::Error, "internal");
        }
        metrics::add(&parts.metrics.invalid_items, record.invalid);
    }
    batch.resume_at = last.map(|position| position.just_after().as_u64());
    Prepared { number: chunk.number, batch, last, finishes: chunk.finishes }
}

struct Record<'a> {
    head: &'a RecordHead,
    position: Position,
    rows: u64,
    batch: &'a mut Batch,
    max_body_bytes: usize,
    invalid: usize,
}

impl Record<'_> {
    fn read(&mut self, body: &[u8]) {
        fail_point(body);
        match self.head.endpoint {
            Endpoint::Store => match stored_json(body, self.max_body_bytes) {
                Ok(json) => self.event(&json, None, None, Some(EventId::from_bytes(self.head.id))),
                Err(_) => self.drop_item(Category::Error, "malformed"),
            },
            Endpoint::Envelope => self.envelope(body),
        }
    }

    fn envelope(&mut self, body: &[u8]) {
        // Framing was checked before the record was accepted.
        let Ok(mut reader) = EnvelopeReader::new(body) else {
            return self.drop_item(Category::Default, "malformed");
        };
        let has_event = has_event(body);
        let sent_at = reader.header().sent_at.as_deref().and_then(Timestamp::parse_rfc3339);
        let mut envelope_id = Some(EventId::from_bytes(self.head.id));
        let companion_id = EventId::from_bytes(self.head.id);
        while let Ok(Some((header, payload))) = reader.next_item() {
            let category = header.item_type.category();
            if payload.len() > limits::max_bytes(&header.item_type) {
                self.drop_item(category, "too_large");
                continue;
            }
            match &header.item_type {
                ItemType::Event | ItemType::Transaction | ItemType::Feedback => {
                    let kind = match header.item_type {
                        ItemType::Transaction => Some(EventKind::Transaction),
                        ItemType::Feedback => Some(EventKind::Feedback),
                        _ => None,
                    };
                    // The envelope names one event; a second one, though not allowed, keeps its own id.
                    self.event(payload, kind, sent_at, envelope_id.take());
                }
                ItemType::ClientReport => {
                    if !outcome::client_report(&mut self.batch.outcomes, self.head, payload) {
                        self.drop_item(category, "malformed");
                    }
                }
                ItemType::UserReport => match telemetry::feedback_event(payload, self.head.project) {
                    Some((event, id)) => {
                        let id = Some(EventId::from_bytes(id));
                        self.event(&event, Some(EventKind::Feedback), sent_at, id);
                    }
                    None => self.drop_item(category, "malformed"),
                },
                ItemType::Unknown(_) => self.drop_item(category, "unknown_item"),
                _ => self.item(&header, payload, sent_at, companion_id, has_event),
            }
        }
    }

    fn event(
        &mut self,
        payload: &[u8],
        kind: Option<EventKind>,
        sent_at: Option<Timestamp>,
        id: Option<EventId>,
    ) {
        let Some(seq) = self.next_seq() else { return self.drop_item(Category::Error, "too_many_items") };
        let id = id.map(|id| id.to_string());
        let fallback = fallback_id(self.head.id, seq);
        let context = NormalizeContext {
            project_id: self.head.project as u64,
            received_us: self.head.received,
            sent_at_us: sent_at.map(Timestamp::micros),
            remote_addr: self.head.address,
            user_agent: self.head.user_agent.as_deref(),
            header_event_id: id.as_deref(),
            item_kind: kind,
            new_id: &|| fallback,
        };
        match normalize::normalize(payload, &context) {
            Ok(event) => match row(seq, self.head, event, payload.len()) {
                Some(row) => self.batch.events.push(row),
                None => self.drop_item(Category::Error, "internal"),
            },
            Err(_) => self.drop_item(Category::Error, "malformed"),
        }
    }

    fn item(
        &mut self,
        header: &ItemHeader,
        payload: &[u8],
        sent_at: Option<Timestamp>,
        event_id: EventId,
        has_event: bool,
    ) {
        let category = header.item_type.category();
        let Some(seq) = self.next_seq() else { return self.drop_item(category, "too_many_items") };
        let arrival = Arrival {
            project: self.head.project,
            received: self.head.received,
            shift: normalize::drift(self.head.received, sent_at.map(Timestamp::micros)),
            seq,
            id: fallback_id(self.head.id, seq),
        };
        let read = match telemetry::read(header, payload, &arrival) {
            Ok(read) => read,
            Err(reason) => return self.drop_item(category, reason),
        };
        if read.rejected > 0 {
            self.invalid += read.rejected as usize;
            let outcomes = &mut self.batch.outcomes;
            outcome::count(outcomes, self.head, category, "invalid", "malformed", read.rejected);
        }
        let mut kept = None;
        if read.keep {
            let Ok(body) = zstd::bulk::compress(payload, ITEM_LEVEL) else {
                return self.drop_item(category, "internal");
            };
            let header = serde_json::to_string(header).unwrap_or_default();
            kept = Some(KeptItem { header, size_bytes: payload.len(), body });
        }
        self.batch.items.push(NewItem {
            seq,
            project: self.head.project,
            event_id: Some(*event_id.as_bytes()),
            kind: header.item_type.to_string(),
            received: self.head.received,
            counts: read.counts,
            is_companion: has_event && is_companion(&header.item_type),
            kept,
            rows: read.rows,
            tells: read.tells,
        });
    }

    fn drop_item(&mut self, category: Category, reason: &str) {
        self.invalid += 1;
        outcome::count(&mut self.batch.outcomes, self.head, category, "invalid", reason, 1);
    }

    /// Numbers rows by their place: segment, offset in it, and place in the record.
    fn next_seq(&mut self) -> Option<u64> {
        let place = self.rows;
        self.rows += 1;
        let position = self.position.as_u64();
        let (segment, offset) = (position >> 32, position & u64::from(u32::MAX));
        (place < NewItem::PER_ENVELOPE).then_some(segment << 36 | offset << 10 | place)
    }
}

fn row(seq: u64, head: &RecordHead, event: NormalizedEvent, size_bytes: usize) -> Option<NewEvent> {
    let event_id: EventId = event.event_id.parse().ok()?;
    let json = serde_json::to_vec(&event.body).ok()?;
    let body = zstd::bulk::compress(&json, EVENT_LEVEL).ok()?;
    let (kind, category) = match event.kind {
        EventKind::Transaction => ("transaction", Category::Transaction),
        EventKind::Feedback => ("feedback", Category::Feedback),
        EventKind::Default => ("default", Category::Error),
        _ => (event.kind.as_str(), Category::Error),
    };
    let belongs_to_issue = !matches!(event.kind, EventKind::Transaction | EventKind::Feedback);
    let grouping = belongs_to_issue.then(|| group::group(&event));
    let (title, culprit) = match &grouping {
        Some(grouping) => (grouping.title.clone(), grouping.culprit.clone()),
        None => (event.title.clone(), event.culprit.clone()),
    };
    let rows = match event.kind {
        EventKind::Transaction => {
            Rows { spans: telemetry::of_transaction(&event, head.project, seq), ..Rows::default() }
        }
        EventKind::Feedback => Rows {
            feedback: telemetry::feedback_of(&event, head.project, seq, *event_id.as_bytes()),
            ..Rows::default()
        },
        _ => Rows::default(),
    };
    Some(NewEvent {
        rows,
        seq,
        project: head.project,
        event_id: *event_id.as_bytes(),
        kind,
        category: category.as_str(),
        received: head.received,
        timestamp: event.timestamp_us,
        title,
        culprit,
        level: event.level.as_str().to_owned(),
        size_bytes,
        body,
        group: grouping.map(|grouping| new_group(event, grouping, kind)),
    })
}

fn new_group(event: NormalizedEvent, grouping: Grouping, kind: &'static str) -> NewGroup {
    NewGroup {
        hashes: grouping.hashes.iter().map(|hash| *hash.as_bytes()).collect(),
        kind,
        metadata: serde_json::to_string(&grouping.metadata).unwrap_or_else(|_| "{}".to_owned()),
        platform: event.platform,
        logger: event.logger,
        release: event.release,
        unhandled: is_unhandled(&event.body),
        user: event.user_key.map(|key| truncated(blake3::hash(key.as_bytes()).as_bytes())),
        tags: event.tags,
    }
}

/// Whether any exception got past the application's own handling.
fn is_unhandled(body: &serde_json::Map<String, serde_json::Value>) -> bool {
    let exceptions = body.get("exception").and_then(|exception| exception.get("values")?.as_array());
    exceptions.is_some_and(|values| {
        values.iter().any(|exception| {
            exception.get("mechanism").and_then(|mechanism| mechanism.get("handled")?.as_bool())
                == Some(false)
        })
    })
}

/// Whether an event is among the items.
fn has_event(body: &[u8]) -> bool {
    let Ok(mut reader) = EnvelopeReader::new(body) else { return false };
    while let Ok(Some((header, _))) = reader.next_item() {
        if matches!(header.item_type, ItemType::Event | ItemType::Transaction | ItemType::Feedback) {
            return true;
        }
    }
    false
}

/// Whether an item belongs to the event beside it.
fn is_companion(item: &ItemType) -> bool {
    matches!(item, ItemType::Attachment | ItemType::Profile | ItemType::FormData)
}

/// The same id for the same event whenever the record is read again.
fn fallback_id(envelope: [u8; 16], seq: u64) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&envelope).update(&seq.to_le_bytes());
    truncated(hasher.finalize().as_bytes())
}

fn truncated(hash: &[u8; 32]) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&hash[..16]);
    short
}

/// Debug builds panic on a body with the text named here, so that a test can see what one bad event does.
fn fail_point(body: &[u8]) {
    #[cfg(debug_assertions)]
    if let Ok(text) = std::env::var("WATCHPOST_TEST_PANIC") {
        assert!(memchr::memmem::find(body, text.as_bytes()).is_none(), "asked to panic");
    }
    #[cfg(not(debug_assertions))]
    let _ = body;
}

const EVENT_LEVEL: i32 = 3;
const ITEM_LEVEL: i32 = 1;
