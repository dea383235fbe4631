//! `entries` of an event: exception, threads, message, breadcrumbs, request and so on.

use serde_json::{Map, Value, json};
use watchpost_core::Timestamp;

/// In the order that a page shows them.
pub(super) fn of(body: &Map<String, Value>) -> Vec<Value> {
    let mut entries = Vec::new();
    let mut put = |kind: &str, data: Value| entries.push(json!({ "type": kind, "data": data }));
    if let Some(exceptions) = values(body, "exception") {
        let values: Vec<Value> = exceptions.iter().map(exception).collect();
        let system = values.iter().any(|value| value["stacktrace"]["hasSystemFrames"] == true);
        put("exception", json!({ "values": values, "hasSystemFrames": system, "excOmitted": null }));
    }
    if let Some(threads) = values(body, "threads") {
        put("threads", json!({ "values": threads.iter().map(thread).collect::<Vec<_>>() }));
    }
    if let Some(trace) = body.get("stacktrace").filter(|trace| trace.is_object()) {
        put("stacktrace", stacktrace(trace));
    }
    if let Some(entry) = body.get("logentry").filter(|entry| entry.is_object()) {
        let formatted = entry.get("formatted").or(entry.get("message"));
        put(
            "message",
            json!({ "formatted": formatted, "message": entry.get("message"), "params": entry.get("params") }),
        );
    }
    if let Some(crumbs) = values(body, "breadcrumbs") {
        put("breadcrumbs", json!({ "values": crumbs.iter().map(breadcrumb).collect::<Vec<_>>() }));
    }
    if let Some(request) = body.get("request").filter(|request| request.is_object()) {
        put(
            "request",
            renamed(request, &[("query_string", "query"), ("inferred_content_type", "inferredContentType")]),
        );
    }
    if let Some(spans) = body.get("spans").filter(|spans| spans.is_array()) {
        put("spans", spans.clone());
    }
    for (field, kind) in [("debug_meta", "debugmeta"), ("csp", "csp"), ("template", "template")] {
        if let Some(data) = body.get(field).filter(|data| data.is_object()) {
            put(kind, data.clone());
        }
    }
    entries
}

fn exception(value: &Value) -> Value {
    let trace = value.get("stacktrace").filter(|trace| trace.is_object());
    let raw = value.get("raw_stacktrace").filter(|trace| trace.is_object());
    json!({
        "type": value.get("type"),
        "value": value.get("value"),
        "module": value.get("module"),
        "threadId": value.get("thread_id"),
        "mechanism": value.get("mechanism"),
        "stacktrace": trace.map(stacktrace),
        "rawStacktrace": raw.map(stacktrace),
    })
}

fn thread(value: &Value) -> Value {
    let trace = value.get("stacktrace").filter(|trace| trace.is_object());
    let mut thread = value.clone();
    if let Value::Object(thread) = &mut thread {
        for flag in ["crashed", "current"] {
            thread.entry(flag).or_insert(Value::Bool(false));
        }
        thread.insert("stacktrace".to_owned(), trace.map_or(Value::Null, stacktrace));
    }
    thread
}

fn stacktrace(value: &Value) -> Value {
    let frames: Vec<Value> =
        value.get("frames").and_then(Value::as_array).into_iter().flatten().map(frame).collect();
    let system = frames.iter().any(|frame| frame["inApp"] != true);
    json!({
        "frames": frames,
        "framesOmitted": value.get("frames_omitted"),
        "registers": value.get("registers"),
        "hasSystemFrames": system,
    })
}

fn frame(value: &Value) -> Value {
    let mut frame = renamed(
        value,
        &[
            ("abs_path", "absPath"),
            ("lineno", "lineNo"),
            ("colno", "colNo"),
            ("in_app", "inApp"),
            ("raw_function", "rawFunction"),
            ("instruction_addr", "instructionAddr"),
            ("symbol_addr", "symbolAddr"),
            ("image_addr", "imageAddr"),
            ("addr_mode", "addrMode"),
            ("source_link", "sourceLink"),
            ("pre_context", ""),
            ("post_context", ""),
            ("context_line", ""),
        ],
    );
    // Scripts read these without asking whether they are there.
    if let Value::Object(frame) = &mut frame {
        for name in FRAME_FIELDS {
            frame.entry(name).or_insert(Value::Null);
        }
    }
    frame["inApp"] = (value.get("in_app") == Some(&Value::Bool(true))).into();
    frame["context"] = context(value);
    if let Some(status) = value.get("data").and_then(|data| data.get("symbolicator_status")) {
        frame["symbolicatorStatus"] = status.clone();
    }
    frame
}

/// Source lines with their numbers.
fn context(frame: &Value) -> Value {
    let (Some(line), Some(number)) =
        (frame.get("context_line").and_then(Value::as_str), frame.get("lineno").and_then(Value::as_i64))
    else {
        return json!([]);
    };
    let lines = |name: &str| frame.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let (before, after) = (lines("pre_context"), lines("post_context"));
    let first = number - before.len() as i64;
    let here = Value::from(line);
    let all = before.iter().chain(std::iter::once(&here)).chain(after);
    all.enumerate().map(|(at, text)| json!([first + at as i64, text])).collect()
}

fn breadcrumb(value: &Value) -> Value {
    let mut crumb = value.clone();
    let at = value.get("timestamp").and_then(Value::as_f64).and_then(Timestamp::from_seconds);
    if let Value::Object(crumb) = &mut crumb {
        if let Some(at) = at {
            crumb.insert("timestamp".to_owned(), at.to_rfc3339().into());
        }
        for (name, usual) in [("type", "default"), ("level", "info")] {
            crumb.entry(name).or_insert(usual.into());
        }
    }
    crumb
}

const FRAME_FIELDS: [&str; 12] = [
    "filename",
    "absPath",
    "module",
    "package",
    "platform",
    "function",
    "rawFunction",
    "lineNo",
    "colNo",
    "instructionAddr",
    "symbolAddr",
    "vars",
];

/// A copy with some fields renamed; an empty new name leaves the field out.
fn renamed(value: &Value, names: &[(&str, &str)]) -> Value {
    let Value::Object(fields) = value else { return value.clone() };
    let renamed = fields.iter().filter_map(|(name, value)| match names.iter().find(|(old, _)| old == name) {
        Some((_, "")) => None,
        Some((_, new)) => Some(((*new).to_owned(), value.clone())),
        None => Some((name.clone(), value.clone())),
    });
    Value::Object(renamed.collect())
}

fn values<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a Vec<Value>> {
    body.get(name)?.get("values")?.as_array().filter(|values| !values.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_and_breadcrumbs_have_all_their_fields() {
        let frame = frame(&json!({ "function": "f", "lineno": 3, "in_app": true, "context_line": "x" }));
        assert_eq!((&frame["lineNo"], &frame["context"]), (&json!(3), &json!([[3, "x"]])));
        for name in FRAME_FIELDS {
            assert!(frame.get(name).is_some(), "{name}");
        }
        let crumb = breadcrumb(&json!({ "timestamp": 1.5, "message": "m", "level": "error" }));
        assert_eq!(
            crumb,
            json!({ "timestamp": "1970-01-01T00:00:01.5Z", "message": "m", "level": "error", "type": "default" })
        );
    }
}
