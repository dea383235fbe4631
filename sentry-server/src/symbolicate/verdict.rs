//! What became of frames, as an event notes it and as the doctor says it.

use super::Reason;
use super::event::Place;
use crate::json::{Map, Value, json};

/// What became of one frame.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    /// Where the frame is in the event as the client sent it.
    pub(crate) place: Place,
    /// The place in words: a file and line, an address in an image.
    pub(crate) frame: String,
    /// How it was resolved, or why not.
    pub(crate) outcome: Result<&'static str, Reason>,
    /// What a resolved frame still lacks.
    pub(crate) lacks: Option<Reason>,
    /// Whether it is worth a note on the event that it was not resolved.
    pub(crate) matters: bool,
}

/// Notes on an event what was not resolved: one entry per sort of gap.
pub(super) fn note_gaps(body: &mut Map, verdicts: &[Verdict]) {
    let mut errors = match body.remove("errors") {
        Some(Value::Array(errors)) => errors,
        _ => Vec::new(),
    };
    errors.retain(|error| error["type"] != GAP);
    let mut codes = Vec::new();
    for verdict in verdicts {
        let Err(reason) = &verdict.outcome else { continue };
        if verdict.matters && !codes.contains(&reason.code()) {
            codes.push(reason.code());
            errors.push(json!({
                "type": GAP, "reason": reason.code(), "message": reason.text(), "url": verdict.frame
            }));
        }
    }
    if !errors.is_empty() {
        body.insert("errors".into(), errors.into());
    }
}

/// Verdicts as the doctor shows them.
pub(crate) fn report(verdicts: &[Verdict]) -> Value {
    let rows = verdicts.iter().map(|verdict| {
        let problem = verdict.outcome.as_ref().err().or(verdict.lacks.as_ref());
        json!({
            "exception": verdict.place.exception,
            "frame": verdict.place.frame,
            "location": verdict.frame,
            "resolved": verdict.outcome.is_ok(),
            "resolvedWith": verdict.outcome.as_ref().ok(),
            "reason": problem.map(Reason::code),
            "message": problem.map(Reason::text),
            "mayChange": problem.is_some_and(Reason::may_change),
        })
    });
    rows.collect()
}

/// The type of an event's processing error.
const GAP: &str = "frame_not_resolved";
