//! What is given up when an event is too large as a whole.

use serde_json::json;

use super::{json, size};
use crate::pipeline::scrub::prefix;
use crate::protocol::{Event, Exception, LogEntry, Map, Request, SdkInfo, Stacktrace, Value};
use crate::text::Text;

/// A thing to cut and what `_meta` says of it.
struct Cut {
    path: &'static [&'static str],
    /// Removes it and returns how many entries there were; zero when there was nothing to remove.
    remove: fn(&mut Event) -> usize,
}

/// In the order in which they are given up: local variables, breadcrumbs, extra, then what is rarely large.
/// The exception, its frames and the trace always stay. Attachments go before all of these, with the envelope.
const CUTS: [Cut; 7] = [
    Cut { path: &["exception"], remove: remove_vars },
    Cut { path: &["breadcrumbs"], remove: |event| std::mem::take(&mut event.breadcrumbs).len() },
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
pub(crate) fn serialize(event: &mut Event, max: usize) -> Option<Vec<u8>> {
    let first = json::to_json(event, max);
    if first.is_some() {
        return first;
    }
    for cut in &CUTS {
        let entries = (cut.remove)(event);
        if entries > 0 {
            note(&mut event.other, cut.path, entries);
            let bytes = json::to_json(event, max);
            if bytes.is_some() {
                return bytes;
            }
        }
    }
    shorten(event);
    json::to_json(event, max).or_else(|| json::to_json(&minimum(event), max))
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

fn remove_vars(event: &mut Event) -> usize {
    let of_exceptions = event.exception.iter_mut().filter_map(|exception| exception.stacktrace.as_mut());
    let of_threads = event.threads.iter_mut().filter_map(|thread| thread.stacktrace.as_mut());
    let frames = of_exceptions.chain(of_threads).flat_map(|stack| &mut stack.frames);
    frames.map(|frame| std::mem::take(&mut frame.vars).len()).sum()
}

fn body(event: &mut Event) -> Option<Value> {
    event.request.as_mut().and_then(|request| request.data.take())
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
    let meta = event.other.shift_remove("_meta");
    event.other.clear();
    event.other.extend(meta.map(|meta| ("_meta".to_owned(), meta)));
    event.tags.clear();
    event.modules.clear();
    event.fingerprint.truncate(8);
    event.errors.clear();
    if let Some(request) = &mut event.request {
        *request = Request { url: request.url.take(), method: request.method.take(), ..Request::default() };
    }
    if let Some(entry) = &mut event.logentry {
        entry.params.clear();
    }
    let surplus = event.exception.len().saturating_sub(EXCEPTIONS);
    event.exception.drain(..surplus);
    for exception in &mut event.exception {
        exception.other.clear();
        if let Some(stack) = &mut exception.stacktrace {
            few_frames(stack, FRAMES);
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

    use super::*;
    use crate::protocol::{Breadcrumb, Frame, Level};

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
        event.sdk = Some(SdkInfo { name: "s".repeat(3_000_000).into(), ..SdkInfo::default() });
        let frame = Frame { function: Some("f".repeat(100_000).into()), ..Frame::default() };
        let stacktrace = Some(Stacktrace { frames: vec![frame; 200], ..Stacktrace::default() });
        event.exception = vec![Exception { stacktrace, ..Exception::default() }; 40];
        assert!(serialize(&mut event, size::EVENT_BYTES).unwrap().len() < 50_000);
    }
}
