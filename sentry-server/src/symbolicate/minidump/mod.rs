//! Minidumps as events: what crashed, the calls of every thread, the modules.
//!
//! The dump stays an attachment, so that its threads can be unwound again when debug files arrive after it.

mod names;
mod read;
mod unwind;

use std::panic::{AssertUnwindSafe, catch_unwind};

use self::read::Report;
use super::Symbolicator;
use crate::json::{Map, Value, json};
use crate::normalize;
use crate::store::ProjectId;

/// Adds what a minidump says to the event that it came with, where that does not say it itself. A dump that cannot be
/// read is a crash all the same.
pub(crate) fn add_to(event: &mut Map, dump: &[u8], symbols: Option<(&Symbolicator, ProjectId)>) {
    event.entry("level").or_insert_with(|| "fatal".into());
    event.entry("platform").or_insert_with(|| "native".into());
    let Some(report) = read(dump, symbols) else {
        let unreadable = exception("Minidump", "The minidump could not be read");
        event.entry("exception").or_insert_with(|| json!({ "values": [unreadable] }));
        return;
    };
    let mut crash = exception(&report.reason, &report.value);
    if let Some(thread) = report.thread {
        crash["thread_id"] = thread.into();
    }
    if let Some(trace) = report.trace {
        crash["stacktrace"] = trace;
    }
    if let Some(meta) = report.mechanism_meta {
        crash["mechanism"]["meta"] = meta;
    }
    event.entry("exception").or_insert_with(|| json!({ "values": [crash] }));
    event.entry("debug_meta").or_insert_with(|| json!({ "images": report.images }));
    let contexts = event.entry("contexts").or_insert_with(|| json!({}));
    if let Some(contexts) = contexts.as_object_mut() {
        contexts.entry("os").or_insert(report.os);
        contexts.entry("device").or_insert(report.device);
    }
    if !report.threads.is_empty() {
        event.entry("threads").or_insert_with(|| json!({ "values": report.threads }));
    }
}

/// Unwinds the threads of a stored event again, with the debug files that are there now. Traces that are not from the
/// dump stay as they are.
pub(crate) fn unwind_again(body: &mut Map, dump: &[u8], symbols: (&Symbolicator, ProjectId)) {
    let Some(report) = read(dump, Some(symbols)) else { return };
    let platform = body.get("platform").and_then(Value::as_str).unwrap_or("native").to_owned();
    let values = |body: &'_ mut Map, name: &str| -> Vec<Value> {
        let list = body.get_mut(name).and_then(|list| list.get_mut("values")?.as_array_mut());
        list.map(std::mem::take).unwrap_or_default()
    };
    let mut exceptions = values(body, "exception");
    for exception in &mut exceptions {
        if exception["mechanism"]["type"] == MECHANISM
            && exception.get("thread_id") == Some(&json!(report.thread))
        {
            replace(exception, report.trace.as_ref(), &platform);
        }
    }
    let mut threads = values(body, "threads");
    for thread in &mut threads {
        let found = report.threads.iter().find(|found| found.get("id") == thread.get("id"));
        replace(thread, found.and_then(|found| found.get("stacktrace")), &platform);
    }
    for (name, list) in [("exception", exceptions), ("threads", threads)] {
        if let Some(holder) = body.get_mut(name).and_then(Value::as_object_mut) {
            holder.insert("values".into(), list.into());
        }
    }
}

/// Puts another trace in the place of one, if there is another.
fn replace(holder: &mut Value, trace: Option<&Value>, platform: &str) {
    let (Value::Object(holder), Some(trace)) = (holder, trace) else { return };
    holder.remove("raw_stacktrace");
    holder.insert("stacktrace".into(), trace.clone());
    normalize::stack_of(holder, platform);
}

/// What reads the files of strangers may trip; that is no reason to lose the event.
fn read(dump: &[u8], symbols: Option<(&Symbolicator, ProjectId)>) -> Option<Report> {
    catch_unwind(AssertUnwindSafe(|| Report::read(dump, symbols))).ok().flatten()
}

fn exception(kind: &str, value: &str) -> Value {
    json!({
        "type": kind,
        "value": value,
        "mechanism": { "type": MECHANISM, "handled": false, "synthetic": true },
    })
}

const MECHANISM: &str = "minidump";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_that_says_nothing_is_a_crash_all_the_same() {
        let mut event = Map::new();
        add_to(&mut event, b"MDMP and then nothing", None);
        assert_eq!(event["level"], "fatal");
        assert_eq!(event["exception"]["values"][0]["mechanism"]["handled"], false);
        let mut own = Map::new();
        own.insert("exception".into(), json!("its own"));
        add_to(&mut own, b"", None);
        assert_eq!(own["exception"], "its own");
    }
}
