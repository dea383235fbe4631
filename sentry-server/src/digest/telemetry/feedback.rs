//! What users write: the event of today's clients, and the report of older ones, which becomes one.

use super::{hex, object, text};
use crate::json::{Value, json};
use crate::normalize::NormalizedEvent;
use crate::store::{FeedbackRow, ProjectId};

/// The row of a feedback event.
pub(in crate::digest) fn of_event(
    event: &NormalizedEvent,
    project: ProjectId,
    seq: u64,
    event_id: [u8; 16],
) -> Option<FeedbackRow> {
    let feedback = event.body.get("contexts")?.get("feedback")?.as_object()?;
    let part = |key: &str, max: usize| text(feedback, key, max).unwrap_or_default();
    Some(FeedbackRow {
        seq,
        project,
        event_id,
        timestamp: event.timestamp_us,
        about: hex(feedback.get("associated_event_id")),
        name: part("name", 200),
        email: part("contact_email", 200),
        message: part("message", MAX_MESSAGE),
    })
}

/// A user report as the payload of a feedback event, and its id: the same report has the same one.
pub(in crate::digest) fn of_report(payload: &[u8], project: ProjectId) -> Option<(Vec<u8>, [u8; 16])> {
    let report = object(payload).ok()?;
    let message = text(&report, "comments", MAX_MESSAGE)?;
    let about: [u8; 16] = hex(report.get("event_id"))?;
    let feedback = json!({
        "message": message,
        "name": report.get("name").cloned().unwrap_or_default(),
        "contact_email": report.get("email").cloned().unwrap_or_default(),
        "associated_event_id": report.get("event_id").and_then(Value::as_str)?.replace('-', ""),
        "source": "user_report",
    });
    let mut hasher = blake3::Hasher::new();
    hasher.update(&project.to_le_bytes()).update(&about).update(message.as_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    let event = json!({ "type": "feedback", "contexts": { "feedback": feedback } });
    Some((event.to_string().into_bytes(), id))
}

/// Published limit.
const MAX_MESSAGE: usize = 4_096;
