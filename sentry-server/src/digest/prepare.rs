//! One record to the rows it makes: everything that costs CPU, on any worker, without the database.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Map, Value};
use watchpost_core::{Category, EnvelopeReader, EventId, ItemHeader, ItemType, Timestamp};
use watchpost_spool::Position;

use super::telemetry::{self, Arrival};
use super::{Chunk, Parts, Prepared, limits, native, outcome, security};
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

/// What is known about an event besides its payload.
#[derive(Default)]
struct Given<'a> {
    id: Option<EventId>,
    sent_at: Option<Timestamp>,
    kind: Option<EventKind>,
    /// Counts as this, whatever it says.
    category: Option<Category>,
    crash: Option<Crash<'a>>,
}

/// A file beside an event that says what crashed.
#[derive(Clone, Copy)]
enum Crash<'a> {
    Minidump(&'a [u8]),
    AppleReport(&'a [u8]),
}

impl<'a> Crash<'a> {
    fn of(header: &ItemHeader, payload: &'a [u8]) -> Option<Self> {
        match header.attachment_type.as_deref()? {
            "event.minidump" => Some(Self::Minidump(payload)),
            "event.applecrashreport" => Some(Self::AppleReport(payload)),
            _ => None,
        }
    }

    fn add_to(self, event: &mut Map<String, Value>) {
        match self {
            Self::Minidump(dump) => native::add_minidump(event, dump),
            Self::AppleReport(report) => native::add_apple_report(event, report),
        }
    }
}

impl Record<'_> {
    fn read(&mut self, body: &[u8]) {
        fail_point(body);
        match self.head.endpoint {
            Endpoint::Store => match stored_json(body, self.max_body_bytes) {
                Ok(json) => {
                    let id = Some(EventId::from_bytes(self.head.id));
                    self.event(&json, Given { id, ..Given::default() });
                }
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
        let sent_at = reader.header().sent_at.as_deref().and_then(Timestamp::parse_rfc3339);
        let mut items = Vec::new();
        while let Ok(Some(item)) = reader.next_item() {
            items.push(item);
        }
        let has_event = items.iter().any(|(header, _)| is_event(&header.item_type));
        let crash = items.iter().find_map(|(header, payload)| Crash::of(header, payload));
        // The envelope names one event; a second one, though not allowed, keeps its own id.
        let mut envelope_id = Some(EventId::from_bytes(self.head.id));
        if !has_event && let Some(crash) = crash {
            let given = Given { id: envelope_id.take(), sent_at, crash: Some(crash), ..Given::default() };
            self.event(b"{}", given);
        }
        for (header, payload) in &items {
            let category = header.item_type.category();
            if payload.len() > limits::max_bytes(&header.item_type) {
                self.drop_item(category, "too_large");
                continue;
            }
            let given = Given { sent_at, ..Given::default() };
            match &header.item_type {
                ItemType::Event => {
                    self.event(payload, Given { id: envelope_id.take(), crash, ..given });
                }
                ItemType::Transaction => {
                    let kind = Some(EventKind::Transaction);
                    self.event(payload, Given { id: envelope_id.take(), kind, ..given });
                }
                ItemType::Feedback => {
                    let kind = Some(EventKind::Feedback);
                    self.event(payload, Given { id: envelope_id.take(), kind, ..given });
                }
                ItemType::ClientReport => {
                    if !outcome::client_report(&mut self.batch.outcomes, self.head, payload) {
                        self.drop_item(category, "malformed");
                    }
                }
                ItemType::UserReport => match telemetry::feedback_event(payload, self.head.project) {
                    Some((event, id)) => {
                        let id = Some(EventId::from_bytes(id));
                        self.event(&event, Given { id, kind: Some(EventKind::Feedback), ..given });
                    }
                    None => self.drop_item(category, "malformed"),
                },
                ItemType::RawSecurity | ItemType::Security | ItemType::Nel => {
                    match security::event(header, payload) {
                        Some(event) => {
                            let category = Some(Category::Security);
                            self.event(&event, Given { id: envelope_id.take(), category, ..given });
                        }
                        None => self.drop_item(category, "malformed"),
                    }
                }
                ItemType::Unknown(_) => self.drop_item(category, "unknown_item"),
                _ => self.item(header, payload, sent_at, has_event || crash.is_some()),
            }
        }
    }

    fn event(&mut self, payload: &[u8], given: Given<'_>) {
        let Some(seq) = self.next_seq() else { return self.drop_item(Category::Error, "too_many_items") };
        let id = given.id.map(|id| id.to_string());
        let fallback = fallback_id(self.head.id, seq);
        let context = NormalizeContext {
            project_id: self.head.project as u64,
            received_us: self.head.received,
            sent_at_us: given.sent_at.map(Timestamp::micros),
            remote_addr: self.head.address,
            user_agent: self.head.user_agent.as_deref(),
            header_event_id: id.as_deref(),
            item_kind: given.kind,
            new_id: &|| fallback,
        };
        let normalized = match given.crash {
            None => normalize::normalize(payload, &context),
            Some(crash) => normalize::object(payload).map(|mut body| {
                crash.add_to(&mut body);
                normalize::normalize_object(body, &context)
            }),
        };
        let category = given.category.unwrap_or(Category::Error);
        match normalized {
            Ok(event) => match row(seq, self.head, event, payload.len(), given.category) {
                Some(row) => self.batch.events.push(row),
                None => self.drop_item(category, "internal"),
            },
            Err(_) => self.drop_item(category, "malformed"),
        }
    }

    fn item(&mut self, header: &ItemHeader, payload: &[u8], sent_at: Option<Timestamp>, has_event: bool) {
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
            event_id: Some(self.head.id),
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

fn row(
    seq: u64,
    head: &RecordHead,
    event: NormalizedEvent,
    size_bytes: usize,
    category: Option<Category>,
) -> Option<NewEvent> {
    let event_id: EventId = event.event_id.parse().ok()?;
    let json = serde_json::to_vec(&event.body).ok()?;
    let body = zstd::bulk::compress(&json, EVENT_LEVEL).ok()?;
    let (kind, natural) = match event.kind {
        EventKind::Csp => ("csp", Category::Security),
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
        category: category.unwrap_or(natural).as_str(),
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

fn is_event(item: &ItemType) -> bool {
    matches!(item, ItemType::Event | ItemType::Transaction | ItemType::Feedback)
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
