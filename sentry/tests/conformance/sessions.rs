//! The verbs of sessions, and starting again after the process is gone.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use watchpost_core::testing::TestClient;
use watchpost_core::{ClientOptions, Clock, Crash, CrashRecorder, Ending, Event, Timestamp, Vanished};

/// Runs a verb of sessions; false if it is none.
pub(crate) fn one(call: &Value, run: impl FnOnce(&Value)) -> bool {
    match call["do"].as_str().unwrap_or_default() {
        "start_session" => watchpost::start_session(),
        "end_session" => watchpost::end_session(),
        "pause_session" => watchpost::pause_session(),
        "resume_session" => watchpost::resume_session(),
        "request_session" => watchpost::isolate(|| {
            let session = watchpost::start_request_session();
            run(&call["calls"]);
            if let Some(session) = session {
                match call["mark"].as_str() {
                    Some("errored") => session.mark_errored(),
                    Some("crashed") => session.mark_crashed(),
                    _ => {}
                }
                session.finish();
            }
        }),
        _ => return false,
    }
    true
}

/// The calls of each start: `die` stands between them.
pub(crate) fn starts(calls: &Value) -> Vec<(Value, Option<Value>)> {
    let calls = calls.as_array().unwrap();
    let is_end = |call: &Value| call["do"] == "die";
    let ends = calls.iter().filter(|call| is_end(call)).cloned().map(Some).chain([None]);
    calls.split(is_end).map(|list| Value::from(list.to_vec())).zip(ends).collect()
}

/// The options of the next start: those of the first, changed by what `die` says.
pub(crate) fn merged(first: &Value, changes: &Value) -> Value {
    let mut options = first.as_object().cloned().unwrap_or_default();
    options.extend(changes.as_object().cloned().unwrap_or_default());
    options.into()
}

/// What the process of `test` leaves when it ends as `die` says, and when the next one starts.
pub(crate) fn left(test: &TestClient, die: &Value) -> (Vec<Vanished>, Timestamp) {
    let now = test.clock.now();
    let ending = match die["how"].as_str() {
        Some("killed") => Ending::Silent,
        Some("announced") => Ending::Announced(now),
        Some("crashed") => Ending::Crashed(now),
        other => panic!("the runner does not know this end: {other:?}"),
    };
    let vanished =
        test.transport.last_words().map(|words| Vanished { process: PROCESS.into(), words, ending });
    let after = Duration::from_secs_f64(die["seconds"].as_f64().unwrap_or(0.0));
    (vanished.into_iter().collect(), now.after(after))
}

const PROCESS: &str = "the one that ended";

/// What the process recorded about its crash, as `die` says, and the next one finds.
#[derive(Debug)]
struct Records(Mutex<Vec<Event>>);

/// Options of the next start that find what `die` says of a crash.
pub(crate) fn recorded(options: ClientOptions, die: &Value) -> ClientOptions {
    let records = match &die["event"] {
        Value::Null => Vec::new(),
        event => vec![serde_json::from_value(event.clone()).unwrap()],
    };
    options.with_crash_recorder(Arc::new(Records(Mutex::new(records))))
}

impl CrashRecorder for Records {
    fn take(&self, _options: &ClientOptions, process: Option<&str>, report: &mut dyn FnMut(Crash)) {
        if process.is_none_or(|process| process == PROCESS) {
            let events = std::mem::take(&mut *self.0.lock().unwrap());
            let crash = |event| Crash { process: PROCESS.into(), event, ..Crash::default() };
            events.into_iter().map(crash).for_each(report);
        }
    }

    fn watch(&self, _options: &ClientOptions) {}

    fn unwatch(&self) {}
}
