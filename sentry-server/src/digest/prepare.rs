//! One record to the rows it makes: everything that costs CPU, on any worker, without the database.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};

use watchpost_core::{
    Category, EnvelopeReader, EventId, ItemHeader, ItemType, JsonScrubber, ScrubPatterns, Timestamp,
};
use watchpost_spool::Position;

use super::kinds::{category_of, is_event};
use super::notes::Notes;
use super::row::{Means, row, truncated};
use super::telemetry;
use super::{Chunk, Parts, Prepared, Samples, Thinning, Trees, apple, limits, outcome, security};
use crate::ingest::{Endpoint, RecordHead, quantity, stored_json};
use crate::instant;
use crate::json::{Map, Value};
use crate::metrics;
use crate::normalize::{self, EventKind, NormalizeContext};
use crate::project::{LiveProject, bit};
use crate::store::{Batch, NewItem, ProjectId};
use crate::symbolicate::{Symbolicator, minidump};

pub(super) fn chunk(parts: &Parts, chunk: Chunk) -> Prepared {
    let mut batch = Batch::default();
    let done = chunk.until.or_else(|| Some(chunk.jobs.last()?.position.just_after()));
    let mut project: Option<Arc<LiveProject>> = None;
    for job in &chunk.jobs {
        if project.as_ref().is_none_or(|known| known.id != job.head.project) {
            project = parts.projects.project(job.head.project);
        }
        let mut record = Record {
            project: project.as_deref(),
            unwanted: None,
            unwanted_replay: None,
            head: &job.head,
            position: job.position,
            rows: 0,
            batch: &mut batch,
            max_body_bytes: parts.max_body_bytes,
            symbolicator: Some(&parts.symbolicator),
            thinning: Some(&parts.thinning),
            samples: Some(&parts.samples),
            trees: Some(&parts.trees),
            invalid: 0,
        };
        // One event that trips a bug must not stop all others; what it made so far is kept.
        let done = catch_unwind(AssertUnwindSafe(|| record.read(&job.inflated)));
        if done.is_err() {
            record.drop_item(Category::Error, "internal");
        }
        metrics::add(&parts.metrics.invalid_items, record.invalid);
    }
    batch.resume_at = done.map(Position::as_u64);
    Prepared { number: chunk.number, batch, done, finishes: chunk.finishes }
}

/// The rows of one record; a panic passes.
#[cfg(feature = "testing")]
pub(crate) fn one(job: &super::Job, max_body_bytes: usize) -> Batch {
    let mut batch = Batch::default();
    let mut record = Record {
        project: None,
        unwanted: None,
        unwanted_replay: None,
        head: &job.head,
        position: job.position,
        rows: 0,
        batch: &mut batch,
        max_body_bytes,
        symbolicator: None,
        thinning: None,
        samples: None,
        trees: None,
        invalid: 0,
    };
    record.read(&job.inflated);
    batch
}

pub(super) struct Record<'a> {
    pub(super) head: &'a RecordHead,
    /// `None` when its last key was switched off meanwhile: what was accepted is stored all the same, scrubbed by default.
    pub(super) project: Option<&'a LiveProject>,
    /// Why the envelope's event was filtered, and with it what came along.
    pub(super) unwanted: Option<&'static str>,
    /// The same for the envelope's replay.
    pub(super) unwanted_replay: Option<&'static str>,
    pub(super) position: Position,
    rows: u64,
    pub(super) batch: &'a mut Batch,
    max_body_bytes: usize,
    /// `None` where there are no files to look names up in.
    symbolicator: Option<&'a Symbolicator>,
    /// `None` where every body is kept.
    thinning: Option<&'a Thinning>,
    samples: Option<&'a Samples>,
    /// `None` where every tree is written out.
    trees: Option<&'a Trees>,
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
    notes: Option<Notes>,
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

    fn add_to(self, event: &mut Map, symbols: Option<(&Symbolicator, ProjectId)>) {
        match self {
            Self::Minidump(dump) => minidump::add_to(event, dump, symbols),
            Self::AppleReport(report) => apple::add_apple_report(event, report),
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
        let mut notes = Notes::take(&mut items);
        let has_event = items.iter().any(|(header, _)| is_event(&header.item_type));
        let crash = items.iter().find_map(|(header, payload)| Crash::of(header, payload));
        // The envelope names one event; a second one, though not allowed, keeps its own id.
        let mut envelope_id = Some(EventId::from_bytes(self.head.id));
        let is_crash = crash.is_some() || notes.as_ref().is_some_and(Notes::is_event);
        if !has_event && is_crash {
            let (id, notes) = (envelope_id.take(), notes.take());
            self.event(b"{}", Given { id, sent_at, crash, notes, ..Given::default() });
        }
        for (header, payload) in &items {
            let category = header.item_type.category();
            if self.head.limited & bit(category) != 0 {
                // Counted when the request was answered.
                continue;
            }
            if payload.len() > limits::max_bytes(&header.item_type) {
                self.drop_whole(header, payload, "too_large");
                continue;
            }
            let given = Given { sent_at, ..Given::default() };
            match &header.item_type {
                ItemType::Event => {
                    let (id, notes) = (envelope_id.take(), notes.take());
                    self.event(payload, Given { id, crash, notes, ..given });
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
                ItemType::Unknown(_) => self.drop_whole(header, payload, "unknown_item"),
                _ => self.item(header, payload, sent_at, has_event || is_crash),
            }
        }
        self.drop_companions();
    }

    fn event(&mut self, payload: &[u8], given: Given<'_>) {
        let Some(seq) = self.next_seq() else { return self.drop_item(Category::Error, "too_many_items") };
        let id = given.id.map(|id| id.to_string());
        let fallback = fallback_id(self.head.id, seq);
        let drops_addresses = self.project.is_some_and(|project| project.drops_addresses);
        let context = NormalizeContext {
            project_id: self.head.project as u64,
            received_us: self.head.received,
            sent_at_us: given.sent_at.map(Timestamp::micros),
            remote_addr: self.head.address.filter(|_| !drops_addresses),
            user_agent: self.head.user_agent.as_deref(),
            header_event_id: id.as_deref(),
            item_kind: given.kind,
            new_id: &|| fallback,
        };
        let normalized = normalize::object(payload).map(|mut body| {
            if let Some(notes) = given.notes {
                notes.add_to(&mut body);
            }
            if let Some(crash) = given.crash {
                let project = self.head.project;
                crash.add_to(&mut body, self.symbolicator.map(|symbolicator| (symbolicator, project)));
            }
            self.scrub(&mut body);
            normalize::normalize_object(body, &context)
        });
        let kind = normalized.as_ref().ok().map(|event| event.kind).or(given.kind);
        let category = given.category.unwrap_or_else(|| category_of(kind.unwrap_or(EventKind::Error)));
        let filters = self.project.and_then(|project| project.filters.as_ref());
        if let (Ok(event), Some(filters)) = (&normalized, filters)
            && let Some(reason) = filters.reason(event, self.head.address, self.head.user_agent.as_deref())
        {
            self.unwanted = Some(reason);
            if event.kind == EventKind::Transaction {
                let inner = event.body.get("spans").and_then(Value::as_array).map_or(0, Vec::len);
                self.count_unwanted("span", reason, inner as i64 + 1);
            }
            return self.count_unwanted(category.as_str(), reason, 1);
        }
        match normalized {
            Ok(mut event) => {
                // A file that cannot be read costs names in this event, not the event.
                match self
                    .symbolicator
                    .map(|symbolicator| symbolicator.resolve(self.head.project, &mut event.body))
                {
                    Some(Ok(verdicts)) if verdicts.iter().any(|verdict| verdict.outcome.is_ok()) => {
                        event.rename();
                    }
                    Some(Ok(_)) | None => {}
                    Some(Err(error)) => crate::log::error(format_args!("symbolication: {error}")),
                }
                let groupers = self.project.map(|project| &project.groupers);
                let keeps = |hash| {
                    let limit = self.project.map_or(0, |project| project.bodies_per_hour);
                    let hour = instant::hour(self.head.received);
                    self.thinning.is_none_or(|thinning| thinning.keeps(self.head.project, hash, hour, limit))
                };
                let means = Means { groupers, samples: self.samples, trees: self.trees };
                match row(seq, self.head, event, means, payload.len(), category, keeps) {
                    Some(row) => self.batch.events.push(row),
                    None => self.drop_item(category, "internal"),
                }
            }
            Err(_) => self.drop_item(category, "malformed"),
        }
    }

    /// Masks secrets before anything is made of the event.
    fn scrub(&self, event: &mut Map) {
        match self.project {
            Some(project) => {
                if project.drops_addresses
                    && let Some(Value::Object(user)) = event.get_mut("user")
                {
                    user.remove("ip_address");
                }
                if let Some(scrubber) = &project.scrubber {
                    scrubber.event(event);
                }
            }
            None => DEFAULT_SCRUBBER.event(event),
        }
    }

    pub(super) fn drop_item(&mut self, category: Category, reason: &str) {
        self.count_invalid(category, reason, 1, 1);
    }

    /// An item with all that it says it has in it.
    pub(super) fn drop_whole(&mut self, header: &ItemHeader, payload: &[u8], reason: &str) {
        let quantity = quantity(header, payload.len());
        self.count_invalid(header.item_type.category(), reason, 1, quantity as i64);
    }

    pub(super) fn count_invalid(&mut self, category: Category, reason: &str, items: i64, quantity: i64) {
        self.invalid += items as usize;
        outcome::count(&mut self.batch.outcomes, self.head, category, "invalid", reason, quantity);
    }

    /// Numbers rows by their place: segment, offset in it, and place in the record.
    pub(super) fn next_seq(&mut self) -> Option<u64> {
        let place = self.rows;
        self.rows += 1;
        (place < NewItem::PER_ENVELOPE).then(|| row_seq(self.position, place))
    }
}

pub(super) fn row_seq(position: Position, place: u64) -> u64 {
    let position = position.as_u64();
    let (segment, offset) = (position >> 32, position & u64::from(u32::MAX));
    segment << 36 | offset << 10 | place
}

/// What holds where a project says nothing of its own.
pub(super) static DEFAULT_SCRUBBER: LazyLock<JsonScrubber> =
    LazyLock::new(|| JsonScrubber::new(&[], &[], ScrubPatterns::default(), true));

/// The same id for the same event whenever the record is read again.
pub(super) fn fallback_id(envelope: [u8; 16], seq: u64) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&envelope).update(&seq.to_le_bytes());
    truncated(hasher.finalize().as_bytes())
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
