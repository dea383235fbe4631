//! Where stack traces are in an event.

use serde_json::{Map, Value};

/// The place of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Of the exception or thread; 0 for the event's own trace.
    pub(crate) exception: usize,
    /// Of the frame in its trace.
    pub(crate) frame: usize,
}

/// Calls `visit` for every stack trace, as the client sent it, with the number of its exception or thread. Frames that it
/// answers replace the trace; the one that the client sent is kept beside it.
pub(super) fn each_trace(
    body: &mut Map<String, Value>,
    mut visit: impl FnMut(usize, &[Value]) -> Option<Vec<Value>>,
) {
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

fn one(
    holder: &mut Map<String, Value>,
    number: usize,
    visit: &mut impl FnMut(usize, &[Value]) -> Option<Vec<Value>>,
) {
    // What was resolved before is resolved again from what the client sent.
    let raw = holder.get("raw_stacktrace").filter(|raw| raw.is_object());
    let Some(original) = raw.or(holder.get("stacktrace")) else { return };
    let frames = original.get("frames").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let Some(frames) = visit(number, frames) else { return };
    let original = original.clone();
    let mut resolved = original.clone();
    resolved["frames"] = frames.into();
    holder.insert("stacktrace".to_owned(), resolved);
    holder.insert("raw_stacktrace".to_owned(), original);
}

/// Text of a frame's field.
pub(super) fn text<'a>(frame: &'a Value, name: &str) -> Option<&'a str> {
    frame.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// Notes on a frame what became of it.
pub(super) fn note(frame: &mut Value, name: &str, value: Value) {
    if let Value::Object(frame) = frame {
        let data = frame.entry("data").or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(data) = data {
            data.insert(name.to_owned(), value);
        }
    }
}
