//! When not to send: after failures, when the server asked for it, and while it recovers.

use std::time::Duration;

use watchpost_core::{Rng, Timestamp};

use crate::backoff::Backoff;

/// The pause between requests after an outage, so that a fleet does not fall upon a server that just came back.
/// Source: offline caching, published spec.
const PACE: Duration = Duration::from_millis(100);

/// How many requests after an outage are paced. Not all: a backlog that grows faster than ten a second must still
/// shrink.
const PACED: u32 = 50;

/// A flush makes an attempt of its own, but not sooner after a failed one: applications flush in loops.
const FLUSH_SPACING: Duration = Duration::from_secs(1);

/// The longest pause between attempts while a flush waits for what is only in memory.
const MEMORY_FLUSH_PAUSE: Duration = Duration::from_millis(250);

/// The pauses between requests.
#[derive(Debug, Default)]
pub(crate) struct Pauses {
    backoff: Backoff,
    hold: Option<Hold>,
    last_failure: Option<Timestamp>,
    paced_left: u32,
}

/// Why nothing is sent at the moment, and until when.
#[derive(Debug, Clone, Copy)]
struct Hold {
    until: Timestamp,
    why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// The last attempt failed.
    Failed,
    /// The server said when to come back.
    Asked,
    /// An outage just ended.
    Paced,
}

impl Pauses {
    /// True while nothing may be sent. A flush does not wait for the pace, nor for a pause of our own that began a
    /// second ago.
    pub(crate) fn hold(&mut self, now: Timestamp, flushing: bool) -> bool {
        let Some(hold) = self.hold.filter(|hold| hold.until > now) else {
            self.hold = None;
            return false;
        };
        let rested = self.last_failure.is_none_or(|at| now.since(at) >= FLUSH_SPACING);
        match hold.why {
            Why::Failed => !(flushing && rested),
            Why::Asked => true,
            Why::Paced => !flushing,
        }
    }

    /// When the pause ends, if there is one.
    pub(crate) fn end(&self) -> Option<Timestamp> {
        self.hold.map(|hold| hold.until)
    }

    /// The server answered.
    pub(crate) fn got_through(&mut self, now: Timestamp) {
        self.last_failure = None;
        self.hold = None;
        if self.backoff.succeeded() {
            self.paced_left = PACED;
        }
        if self.paced_left > 0 {
            self.paced_left -= 1;
            self.hold = Some(Hold { until: now.after(PACE), why: Why::Paced });
        }
    }

    /// An attempt failed; `at_earliest` is what the server asked for. Returns whether this began an outage.
    pub(crate) fn failed(&mut self, at_earliest: Option<Duration>, now: Timestamp, rng: &dyn Rng) -> bool {
        let pause = self.backoff.failed(rng);
        let (pause, why) = match at_earliest {
            Some(asked) => (pause.max(asked), Why::Asked),
            None => (pause, Why::Failed),
        };
        self.hold = Some(Hold { until: now.after(pause), why });
        self.last_failure.replace(now).is_none()
    }

    /// Somebody waits for what is only in memory: a pause of our own is cut short.
    pub(crate) fn shorten(&mut self, now: Timestamp) {
        if let Some(hold) = self.hold.as_mut().filter(|hold| hold.why == Why::Failed) {
            hold.until = hold.until.min(now.after(MEMORY_FLUSH_PAUSE));
        }
    }

    /// A wall clock that was put back must not stretch a pause.
    pub(crate) fn clock_went_back(&mut self) {
        self.hold = None;
        self.last_failure = None;
    }
}
