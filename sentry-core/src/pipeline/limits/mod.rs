//! Keeping an event small enough to be taken.

use serde_json::json;

use crate::json;
use crate::protocol::{Event, Map, Value};

/// The largest event that servers take, in bytes (size limits, published envelope spec).
pub(crate) const MAX_EVENT_BYTES: usize = 1024 * 1024;

/// A thing to cut and what `_meta` says of it.
struct Cut {
    path: &'static [&'static str],
    /// Removes it and returns how many entries there were; zero when there was nothing to remove.
    remove: fn(&mut Event) -> usize,
}

/// In the order in which they are given up: local variables, breadcrumbs, extra, then what is rarely large.
/// The exception, its frames and the trace always stay.
const CUTS: [Cut; 6] = [
    Cut { path: &["exception"], remove: remove_vars },
    Cut { path: &["breadcrumbs"], remove: |event| std::mem::take(&mut event.breadcrumbs).len() },
    Cut { path: &["extra"], remove: |event| std::mem::take(&mut event.extra).len() },
    Cut { path: &["request", "data"], remove: |event| take_body(event) },
    Cut { path: &["contexts"], remove: remove_contexts },
    Cut { path: &["threads"], remove: |event| std::mem::take(&mut event.threads).len() },
];

/// The event as JSON of at most `max` bytes. What had to be cut is noted in `_meta`.
///
/// `None` if it does not fit even so, or cannot be written at all.
pub(crate) fn serialize(event: &mut Event, max: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(8 * 1024);
    json::write(event, &mut bytes).ok()?;
    if bytes.len() <= max {
        return Some(bytes);
    }
    for cut in &CUTS {
        let entries = (cut.remove)(event);
        if entries > 0 {
            note(&mut event.other, cut.path, entries);
            bytes.clear();
            json::write(event, &mut bytes).ok()?;
            if bytes.len() <= max {
                return Some(bytes);
            }
        }
    }
    shorten(event);
    bytes.clear();
    json::write(event, &mut bytes).ok()?;
    (bytes.len() <= max).then_some(bytes)
}

/// Writes `{"": {"rem": [["!limit", "x"]], "len": entries}}` at `_meta.<path>`.
pub(crate) fn note(other: &mut Map, path: &[&str], entries: usize) {
    let mut at = other.entry("_meta").or_insert_with(|| json!({}));
    for key in path {
        let Value::Object(map) = at else { return };
        at = map.entry(*key).or_insert_with(|| json!({}));
    }
    if let Value::Object(map) = at {
        map.insert(String::new(), json!({"rem": [["!limit", "x"]], "len": entries}));
    }
}

fn remove_vars(event: &mut Event) -> usize {
    let frames = event.exception.iter_mut().flat_map(|e| e.stacktrace.iter_mut()).flat_map(|s| &mut s.frames);
    frames.map(|frame| std::mem::take(&mut frame.vars).len()).sum()
}

fn take_body(event: &mut Event) -> usize {
    let body = event.request.as_mut().and_then(|request| request.data.take());
    usize::from(body.is_some())
}

/// All contexts but the trace.
fn remove_contexts(event: &mut Event) -> usize {
    let before = event.contexts.len();
    event.contexts.retain(|key, _| key.as_str() == "trace");
    before - event.contexts.len()
}

/// The last resort: texts of at most 8,192 bytes, 50 frames at each end, 16 exceptions, and no unknown fields.
fn shorten(event: &mut Event) {
    const TEXT: usize = 8192;
    const FRAMES: usize = 50;
    const EXCEPTIONS: usize = 16;
    let meta = event.other.shift_remove("_meta");
    event.other.clear();
    event.other.extend(meta.map(|meta| ("_meta".to_owned(), meta)));
    event.tags.clear();
    event.modules.clear();
    event.debug_meta = None;
    let surplus = event.exception.len().saturating_sub(EXCEPTIONS);
    event.exception.drain(..surplus);
    let cut = |text: &mut Option<crate::text::Text>| {
        if let Some(long) = text.as_ref().filter(|text| text.len() > TEXT) {
            let end = (0..=TEXT).rev().find(|at| long.is_char_boundary(*at)).unwrap_or(0);
            *text = Some(long[..end].into());
        }
    };
    if let Some(entry) = &mut event.logentry {
        entry.params.clear();
        cut(&mut entry.formatted);
        cut(&mut entry.message);
    }
    for exception in &mut event.exception {
        exception.other.clear();
        cut(&mut exception.ty);
        cut(&mut exception.value);
        if let Some(stack) = &mut exception.stacktrace {
            stack.other.clear();
            if let Some(walked) = &mut stack.walked {
                walked.shorten(FRAMES);
            }
            if stack.frames.len() > 2 * FRAMES {
                let end = stack.frames.len() - FRAMES;
                stack.frames.drain(FRAMES..end);
            }
            for frame in &mut stack.frames {
                frame.other.clear();
                frame.pre_context.clear();
                frame.post_context.clear();
                cut(&mut frame.context_line);
                cut(&mut frame.function);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::protocol::{Breadcrumb, Exception, Level};

    #[test]
    fn what_is_cut_is_noted_and_the_error_stays() {
        let mut event =
            Event::exception(vec![Exception { value: Some("boom".into()), ..Exception::default() }]);
        let crumb = Breadcrumb { message: Some("x".repeat(1000).into()), ..Breadcrumb::default() };
        let crumb = Arc::new(crumb);
        event.breadcrumbs = vec![crumb; 20];
        event.extra.insert("kept".into(), 1.into());
        let bytes = serialize(&mut event, 4000).unwrap();
        let json: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(json["_meta"]["breadcrumbs"][""], json!({"rem": [["!limit", "x"]], "len": 20}));
        assert_eq!(json["exception"]["values"][0]["value"], "boom");
        assert_eq!(json["extra"]["kept"], 1);
    }

    #[test]
    fn the_last_resort_fits_always() {
        let mut event = Event::message("y".repeat(3_000_000), Level::Error);
        event.other.insert("blob".into(), "z".repeat(3_000_000).into());
        assert!(serialize(&mut event, MAX_EVENT_BYTES).unwrap().len() < 20_000);
    }
}
