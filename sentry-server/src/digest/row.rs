//! A normalised event as the row that is stored: grouped, compressed, with what it tells about its issue.

use serde_json::{Map, Value};
use watchpost_core::{Category, EventId};

use super::telemetry;
use crate::group::{self, Grouping};
use crate::ingest::RecordHead;
use crate::normalize::{EventKind, NormalizedEvent};
use crate::store::{NewEvent, NewGroup, Rows};

/// `None` when it cannot be written, which only a bug can bring about.
pub(super) fn row(
    seq: u64,
    head: &RecordHead,
    event: NormalizedEvent,
    size_bytes: usize,
    category: Category,
) -> Option<NewEvent> {
    let event_id: EventId = event.event_id.parse().ok()?;
    let json = serde_json::to_vec(&event.body).ok()?;
    let body = zstd::bulk::compress(&json, EVENT_LEVEL).ok()?;
    let kind = event.kind.as_str();
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
fn is_unhandled(body: &Map<String, Value>) -> bool {
    let exceptions = body.get("exception").and_then(|exception| exception.get("values")?.as_array());
    exceptions.is_some_and(|values| {
        values.iter().any(|exception| {
            exception.get("mechanism").and_then(|mechanism| mechanism.get("handled")?.as_bool())
                == Some(false)
        })
    })
}

/// The first half of a hash.
pub(super) fn truncated(hash: &[u8; 32]) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&hash[..16]);
    short
}

const EVENT_LEVEL: i32 = 3;
