//! Where stack traces are in an event, and what becomes of their frames.

use super::Reason;
use crate::json::{Map, Value};

/// The place of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Of the exception or thread; 0 for the event's own trace.
    pub(crate) exception: usize,
    /// Of the frame in its trace.
    pub(crate) frame: usize,
}

/// A stack trace as the client sent it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trace<'a> {
    /// Of the exception or thread.
    pub(super) number: usize,
    /// The exception or thread; the event for its own trace.
    pub(super) holder: &'a Map,
    /// `frames` and what stands beside them.
    pub(super) value: &'a Value,
    /// Callers first.
    pub(super) frames: &'a [Value],
}

/// What becomes of one frame.
#[derive(Debug)]
pub(super) struct Fate {
    /// The place in words, as the client sent it.
    pub(super) label: String,
    /// How it was resolved, or why not.
    pub(super) outcome: Result<&'static str, Reason>,
    /// What a resolved frame still lacks.
    pub(super) lacks: Option<Reason>,
    /// Whether it is worth a note on the event that the frame stays as it is.
    pub(super) matters: bool,
    /// What stands in its place, callers first; `None` leaves it alone.
    pub(super) frames: Option<Vec<Value>>,
}

/// A way of resolving frames.
pub(super) trait Way {
    /// What becomes of every frame of a trace; `None` for frames that are not this way's.
    fn trace(&mut self, trace: &Trace<'_>) -> Result<Vec<Option<Fate>>, crate::store::StoreError>;
}

/// What becomes of a trace.
#[derive(Debug)]
pub(super) enum After {
    Same,
    /// The same frames, with notes on them.
    Noted(Vec<Value>),
    /// Other frames.
    Resolved(Vec<Value>),
}

/// Calls `visit` for every stack trace, as the client sent it. Where frames are resolved, the trace that the client sent is
/// kept beside the new one.
pub(super) fn each_trace(body: &mut Map, mut visit: impl FnMut(&Trace<'_>) -> After) {
    for holder in ["exception", "threads"] {
        let values = body.get_mut(holder).and_then(|holder| holder.get_mut("values")?.as_array_mut());
        for (number, value) in values.into_iter().flatten().enumerate() {
            if let Value::Object(value) = value {
                one(value, number, &mut visit);
            }
        }
    }
    one(body, 0, &mut visit);
}

fn one(holder: &mut Map, number: usize, visit: &mut impl FnMut(&Trace<'_>) -> After) {
    // What was resolved before is resolved again from what the client sent.
    let raw = holder.get("raw_stacktrace").filter(|raw| raw.is_object());
    let Some(original) = raw.or(holder.get("stacktrace")) else { return };
    let frames = original.get("frames").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let after = visit(&Trace { number, holder, value: original, frames });
    let (frames, is_resolved) = match after {
        After::Same => return,
        After::Noted(frames) => (frames, false),
        After::Resolved(frames) => (frames, true),
    };
    let mut trace = original.clone();
    if is_resolved {
        let original = trace.clone();
        holder.insert("raw_stacktrace".into(), original);
    }
    trace["frames"] = frames.into();
    holder.insert("stacktrace".into(), trace);
}

/// Text of a frame's field.
pub(super) fn text<'a>(frame: &'a Value, name: &str) -> Option<&'a str> {
    frame.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// Notes on a frame what became of it.
pub(super) fn note(frame: &mut Value, name: &'static str, value: Value) {
    if let Value::Object(frame) = frame {
        let data = frame.entry("data").or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(data) = data {
            data.insert(name.into(), value);
        }
    }
}
