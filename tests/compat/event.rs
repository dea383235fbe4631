//! An event as the API gives it, looked at as a person does.

use serde_json::Value;

/// An entry of the event.
pub(crate) fn entry<'a>(event: &'a Value, kind: &str) -> &'a Value {
    let found = event["entries"].as_array().unwrap().iter().find(|entry| entry["type"] == kind);
    &found.unwrap_or_else(|| panic!("no {kind} in {event:#}"))["data"]
}

/// Its exceptions, the cause first.
pub(crate) fn exceptions(event: &Value) -> &[Value] {
    entry(event, "exception")["values"].as_array().unwrap()
}

/// The frame of an exception in which it was raised.
pub(crate) fn last_frame(exception: &Value) -> &Value {
    let frames = exception["stacktrace"]["frames"].as_array().unwrap();
    frames.last().unwrap()
}

/// The newest frame of an exception that is the application's.
pub(crate) fn own_frame(exception: &Value) -> &Value {
    let frames = exception["stacktrace"]["frames"].as_array().unwrap();
    let own = frames.iter().rfind(|frame| frame["inApp"] == true);
    own.unwrap_or_else(|| panic!("no frame of the application's in {exception:#}"))
}

/// All frames of an exception, the one that failed last.
pub(crate) fn frames(exception: &Value) -> &[Value] {
    exception["stacktrace"]["frames"].as_array().unwrap()
}

/// What happened before, oldest first.
pub(crate) fn breadcrumbs(event: &Value) -> &[Value] {
    entry(event, "breadcrumbs")["values"].as_array().unwrap()
}

/// The line of source that a frame is at.
pub(crate) fn source(frame: &Value) -> &str {
    let own = frame["context"].as_array().unwrap().iter().find(|line| line[0] == frame["lineNo"]);
    own.unwrap_or_else(|| panic!("no source in {frame:#}"))[1].as_str().unwrap()
}

/// The value of a tag, empty without it.
pub(crate) fn tag<'a>(event: &'a Value, key: &str) -> &'a str {
    let found = event["tags"].as_array().unwrap().iter().find(|tag| tag["key"] == key);
    found.and_then(|tag| tag["value"].as_str()).unwrap_or_default()
}

/// Its tags have these values, among others.
pub(crate) fn assert_tags(event: &Value, wanted: &[(&str, &str)]) {
    for (key, value) in wanted {
        assert_eq!(tag(event, key), *value, "{key}");
    }
}
