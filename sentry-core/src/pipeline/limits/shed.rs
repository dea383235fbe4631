//! What is given up when an event is too large as a whole.

use serde_json::json;

use super::{json, size};
use crate::pipeline::Prepared;
use crate::pipeline::scrub::prefix;
use crate::protocol::{Event, Exception, LogEntry, Map, Request, SdkInfo, Stacktrace, Value};
use crate::text::Text;

/// A thing to cut and what `_meta` says of it.
struct Cut {
    path: &'static [&'static str],
    /// Removes it and returns how many entries there were; zero when there was nothing to remove.
    remove: fn(&mut Event) -> usize,
}

/// In the order in which they are given up, after the local variables: breadcrumbs, extra, then what is rarely large.
/// The exception, its frames and the trace always stay. Attachments go before all of these, with the envelope.
const CUTS: [Cut; 6] = [
    Cut { path: &["breadcrumbs"], remove: remove_breadcrumbs },
    Cut { path: &["extra"], remove: |event| std::mem::take(&mut event.extra).len() },
    Cut { path: &["request", "data"], remove: |event| usize::from(body(event).is_some()) },
    Cut { path: &["contexts"], remove: remove_contexts },
    Cut { path: &["threads"], remove: |event| std::mem::take(&mut event.threads).len() },
    Cut {
        path: &["debug_meta"],
        remove: |event| event.debug_meta.take().map_or(0, |meta| meta.images.len()),
    },
];

/// The event as JSON of at most `max` bytes. What had to be cut is noted in `_meta`. Nothing larger than `max` is ever
/// built. `None` if the event cannot be written at all.
pub(crate) fn serialize(event: &mut Event, prepared: Option<&Prepared>, max: usize) -> Option<Vec<u8>> {
    let first = json::event_to_json(event, prepared, max);
    if first.is_some() {
        return first;
    }
    if let Some(prepared) = prepared {
        prepared.add_to(event);
    }
    if remove_vars(event) {
        let bytes = json::event_to_json(event, None, max);
        if bytes.is_some() {
            return bytes;
        }
    }
    for cut in &CUTS {
        let entries = (cut.remove)(event);
        if entries > 0 {
            note(&mut event.other, cut.path, entries);
            let bytes = json::event_to_json(event, None, max);
            if bytes.is_some() {
                return bytes;
            }
        }
    }
    shorten(event);
    json::event_to_json(event, None, max).or_else(|| json::to_json(&minimum(event), max))
}

/// Writes `{"": {"rem": [["!limit", "x"]], "len": entries}}` at `_meta.<path>`.
pub(crate) fn note(other: &mut Map, path: &[&str], entries: usize) {
    let mut at = other.entry("_meta").or_insert_with(|| json!({}));
    for key in path {
        let Value::Object(map) = at else { return };
        at = map.entry(*key).or_insert_with(|| json!({}));
    }
    if let Value::Object(map) = at {
        // What was noted inside of it is gone as well.
        map.clear();
        map.insert(String::new(), json!({"rem": [["!limit", "x"]], "len": entries}));
    }
}

/// Removes the local variables of all frames, and notes it where they stood, at the failing frames first.
fn remove_vars(event: &mut Event) -> bool {
    const NOTES: usize = 100;
    let mut gone: Vec<(&str, usize, usize, usize)> = Vec::new();
    let of_exceptions = event.exception.iter_mut().map(|exception| ("exception", &mut exception.stacktrace));
    let of_threads = event.threads.iter_mut().map(|thread| ("threads", &mut thread.stacktrace));
    let lists: [&mut dyn Iterator<Item = _>; 2] =
        [&mut of_exceptions.enumerate(), &mut of_threads.enumerate()];
    for (index, (list, stack)) in lists.into_iter().flatten() {
        for (at, frame) in stack.iter_mut().flat_map(|stack| stack.frames.iter_mut().enumerate().rev()) {
            let count = std::mem::take(&mut frame.vars).len();
            if count > 0 {
                gone.push((list, index, at, count));
            }
        }
    }
    for (list, index, at, count) in gone.iter().take(NOTES) {
        let (index, at) = (index.to_string(), at.to_string());
        note(&mut event.other, &[list, "values", &index, "stacktrace", "frames", &at, "vars"], *count);
    }
    !gone.is_empty()
}

fn body(event: &mut Event) -> Option<Value> {
    event.request.as_mut().and_then(|request| request.data.take())
}

fn remove_breadcrumbs(event: &mut Event) -> usize {
    let held = event.held_breadcrumbs.take();
    let held = held.as_ref().and_then(|held| held.as_written()).map_or(0, |held| held.len());
    std::mem::take(&mut event.breadcrumbs).len() + held
}

/// All contexts but the trace.
fn remove_contexts(event: &mut Event) -> usize {
    let before = event.contexts.len();
    event.contexts.retain(|key, _| key.as_str() == "trace");
    before - event.contexts.len()
}

/// 16 exceptions of 100 frames, and nothing that the core does not know.
fn shorten(event: &mut Event) {
    const EXCEPTIONS: usize = 16;
    const FRAMES: usize = 50;
    const NAMES: usize = 50;
    let meta = event.other.shift_remove("_meta");
    let unknown = std::mem::take(&mut event.other);
    event.other.extend(meta.map(|meta| ("_meta".to_owned(), meta)));
    let notes = &mut event.other;
    let mut noted = |path: &[&str], entries: usize| {
        if entries > 0 {
            note(notes, path, entries);
        }
    };
    for name in unknown.keys().filter(|name| name.len() <= size::NAME).take(NAMES) {
        noted(&[name], 1);
    }
    noted(&["tags"], std::mem::take(&mut event.tags).len());
    noted(&["modules"], std::mem::take(&mut event.modules).len());
    noted(&["errors"], std::mem::take(&mut event.errors).len());
    if event.fingerprint.len() > 8 {
        noted(&["fingerprint"], event.fingerprint.len());
        event.fingerprint.truncate(8);
    }
    if let Some(request) = &mut event.request {
        let all = std::mem::take(request);
        noted(&["request", "env"], all.env.len());
        for (name, part) in
            [("headers", &all.headers), ("cookies", &all.cookies), ("query_string", &all.query_string)]
        {
            noted(&["request", name], usize::from(part.is_some()));
        }
        *request = Request { url: all.url, method: all.method, ..Request::default() };
    }
    if let Some(entry) = &mut event.logentry {
        noted(&["logentry", "params"], std::mem::take(&mut entry.params).len());
    }
    let surplus = event.exception.len().saturating_sub(EXCEPTIONS);
    if surplus > 0 {
        // Notes inside of it belong to places that are no longer what they were.
        noted(&["exception", "values"], event.exception.len());
        event.exception.drain(..surplus);
    }
    for (index, exception) in event.exception.iter_mut().enumerate() {
        exception.other.clear();
        if let Some(stack) = &mut exception.stacktrace {
            if stack.origin().is_none() {
                // Frames that are JSON already lose no lines.
                stack.look_up();
            }
            let frames = stack.frames.len();
            few_frames(stack, FRAMES);
            if stack.frames.len() < frames {
                let index = index.to_string();
                noted(&["exception", "values", &index, "stacktrace", "frames"], frames);
            }
        }
    }
}

fn few_frames(stack: &mut Stacktrace, per_end: usize) {
    stack.other.clear();
    if let Some(walked) = &mut stack.walked {
        walked.shorten(per_end);
    }
    if stack.frames.len() > 2 * per_end {
        let end = stack.frames.len() - per_end;
        stack.frames.drain(per_end..end);
    }
    for frame in &mut stack.frames {
        frame.other.clear();
        frame.pre_context.clear();
        frame.post_context.clear();
    }
}

/// What always fits: who, where, when, and the beginning of what was said.
fn minimum(event: &Event) -> Event {
    const NAME: usize = 256;
    let short = |text: &Option<Text>, max: usize| text.as_deref().map(|text| Text::from(prefix(text, max)));
    let exception = event.exception.last().map(|caught| Exception {
        ty: short(&caught.ty, NAME),
        value: short(&caught.value, size::MESSAGE),
        module: short(&caught.module, NAME),
        ..Exception::default()
    });
    let logentry = event.logentry.as_ref().map(|entry| LogEntry {
        formatted: short(&entry.formatted, size::MESSAGE),
        message: short(&entry.message, size::MESSAGE),
        ..LogEntry::default()
    });
    let sdk = event.sdk.as_ref().map(|sdk| SdkInfo {
        name: prefix(&sdk.name, NAME).into(),
        version: prefix(&sdk.version, NAME).into(),
        ..SdkInfo::default()
    });
    let trace = event.contexts.get("trace").map(|trace| {
        let texts = trace.iter().filter(|(key, value)| {
            ["trace_id", "span_id", "parent_span_id", "op", "status"].contains(&key.as_str())
                && value.as_str().is_some_and(|text| text.len() <= NAME)
        });
        texts.map(|(key, value)| (key.clone(), value.clone())).collect::<Map>()
    });
    let mut least = Event {
        event_id: event.event_id,
        timestamp: event.timestamp,
        platform: short(&event.platform, NAME),
        level: event.level,
        logger: short(&event.logger, NAME),
        transaction: short(&event.transaction, 4 * NAME),
        server_name: short(&event.server_name, 4 * NAME),
        release: short(&event.release, 4 * NAME),
        dist: short(&event.dist, NAME),
        environment: short(&event.environment, NAME),
        logentry,
        exception: exception.into_iter().collect(),
        contexts: trace.map(|trace| (Text::from_static("trace"), trace.into())).into_iter().collect(),
        sdk,
        ..Event::default()
    };
    note(&mut least.other, &["exception"], event.exception.len());
    least
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::value::{RawValue, to_raw_value};

    use super::*;
    use crate::protocol::{Breadcrumb, Frame, Level, LookUp, Walked};

    #[test]
    fn what_is_cut_is_noted_and_the_error_stays() {
        let mut event =
            Event::exception(vec![Exception { value: Some("boom".into()), ..Exception::default() }]);
        let crumb = Breadcrumb { message: Some("x".repeat(1000).into()), ..Breadcrumb::default() };
        let crumb = Arc::new(crumb);
        event.breadcrumbs = vec![crumb; 20];
        event.extra.insert("kept".into(), 1.into());
        let bytes = serialize(&mut event, None, 4000).unwrap();
        let json: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(json["_meta"]["breadcrumbs"][""], json!({"rem": [["!limit", "x"]], "len": 20}));
        assert_eq!(json["exception"]["values"][0]["value"], "boom");
        assert_eq!(json["extra"]["kept"], 1);
    }

    #[test]
    fn frames_that_are_json_already_lose_their_lines_too() {
        struct Known(Frame);
        impl LookUp for Known {
            fn frames(&self) -> Vec<Frame> {
                vec![self.0.clone(); 200]
            }
            fn without_line(&self) -> &[usize] {
                &[]
            }
        }
        let lines: Vec<Text> = vec!["x".repeat(500).into(); 5];
        let frame = Frame { function: Some("pay".into()), pre_context: lines, ..Frame::default() };
        let json: Arc<RawValue> = to_raw_value(&frame).unwrap().into();
        let walked = Walked::known(vec![json; 200], Arc::new(Known(frame)));
        let exception = Exception { stacktrace: Some(Stacktrace::walked(walked)), ..Exception::default() };
        let mut event = Event::exception(vec![exception; 16]);
        let bytes = serialize(&mut event, None, size::EVENT_BYTES).unwrap();
        let json: Value = serde_json::from_slice(&bytes).unwrap();
        let frames = &json["exception"]["values"][15]["stacktrace"]["frames"];
        assert_eq!(frames.as_array().map(Vec::len), Some(100));
        assert_eq!(frames[99], json!({"function": "pay"}));
        let noted = &json["_meta"]["exception"]["values"]["15"]["stacktrace"]["frames"][""]["len"];
        assert_eq!(*noted, 200);
    }

    #[test]
    fn the_last_resort_fits_always() {
        let mut event = Event::message("y".repeat(3_000_000), Level::Error);
        event.other.insert("blob".into(), "z".repeat(3_000_000).into());
        event.sdk = Some(SdkInfo { name: "s".repeat(3_000_000).into(), ..SdkInfo::default() });
        let frame = Frame { function: Some("f".repeat(100_000).into()), ..Frame::default() };
        let stacktrace = Some(Stacktrace { frames: vec![frame; 200], ..Stacktrace::default() });
        event.exception = vec![Exception { stacktrace, ..Exception::default() }; 40];
        assert!(serialize(&mut event, None, size::EVENT_BYTES).unwrap().len() < 50_000);
    }
}
