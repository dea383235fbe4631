//! The client of the conformance vectors.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use watchpost_core::{
    ClientOptions, Crash, CrashRecorder, Ending, Error, Event, Result, Text, Timestamp, Vanished,
};

use crate::client::HostClient;
use crate::identity::HostIdentity;
use crate::options::HostOptions;
use crate::payload::parse;

/// What makes a client repeat: where its clock stands and what its draws follow from. Its identity is the same in
/// every language (`watchpost.test`, platform `other`, no contexts of the host), so that envelopes compare.
#[derive(Debug, Clone, Copy)]
pub struct TestSetup {
    /// Where the clock stands.
    pub now: Timestamp,
    /// What ids and draws follow from.
    pub seed: u64,
}

impl TestSetup {
    /// From Unix seconds and a seed.
    pub fn new(now_seconds: f64, seed: u64) -> Self {
        Self { now: Timestamp::from_seconds(now_seconds).unwrap_or_default(), seed }
    }

    pub(crate) fn identity() -> HostIdentity {
        HostIdentity {
            sdk_name: Text::from_static("watchpost.test"),
            sdk_version: Text::from_static("0.0.0"),
            platform: Text::from_static("other"),
            ..HostIdentity::default()
        }
    }
}

/// How the process of a testing client came to its end, and when the next one starts.
#[derive(Debug, Clone, Default)]
pub struct HostEnd {
    /// `killed`, `announced` or `crashed`.
    pub how: String,
    /// So much later the next one starts.
    pub after: Duration,
    /// The event in the record of the crash, as JSON.
    pub crash: Option<String>,
}

impl HostClient {
    /// Vectors only: the client of the process that starts after that of this client is gone.
    ///
    /// # Errors
    /// When there is no such end, or the crash is no event.
    pub fn restart_testing(&self, mut options: HostOptions, seed: u64, end: &HostEnd) -> Result<Self> {
        let (words, now) = self.last_words();
        let ending = match end.how.as_str() {
            "killed" => Ending::Silent,
            "announced" => Ending::Announced(now),
            "crashed" => Ending::Crashed(now),
            other => return Err(Error::payload("how", format!("`{other}` is no end"))),
        };
        let crash: Option<Event> = end.crash.as_deref().map(|json| parse("event", json)).transpose()?;
        let records = Records(Mutex::new(crash.into_iter().collect()));
        options.client = options.client.with_crash_recorder(Arc::new(records));
        let vanished = words.map(|words| Vanished { process: GONE.into(), words, ending });
        let setup = TestSetup { now: now.after(end.after), seed };
        Ok(Self::start_testing_after(options, setup, vanished.into_iter().collect()))
    }
}

/// The name of the process that is gone.
const GONE: &str = "the one that ended";

/// What that process recorded about its crash.
#[derive(Debug)]
struct Records(Mutex<Vec<Event>>);

impl CrashRecorder for Records {
    fn take(&self, _options: &ClientOptions, process: Option<&str>, report: &mut dyn FnMut(Crash)) {
        if process.is_none_or(|process| process == GONE) {
            let events = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
            let crash = |event| Crash { process: GONE.into(), event, ..Crash::default() };
            events.into_iter().map(crash).for_each(report);
        }
    }

    fn watch(&self, _options: &ClientOptions) {}

    fn unwatch(&self) {}
}
