//! Sessions of requests, counted by minute.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::protocol::{SessionBucket, Timestamp};
use crate::text::Text;

/// Buckets in one item. Source: sessions, published spec.
pub(super) const MAX_BUCKETS: usize = 100;

/// How long counts are held back. Source: sessions, published spec.
pub(super) const PERIOD: Duration = Duration::from_secs(60);

/// How a request went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Health {
    /// Without an error.
    Healthy,
    /// With errors that were handled.
    Errored,
    /// An error that nobody handled ended it.
    Crashed,
}

impl Health {
    /// What the HTTP status of an answer says.
    pub(super) fn of_status(status: u16) -> Self {
        if status >= 500 { Self::Errored } else { Self::Healthy }
    }
}

/// The counts that wait to be sent.
#[derive(Debug, Default)]
pub(super) struct Aggregates {
    buckets: BTreeMap<(Timestamp, Option<Text>), [u64; 3]>,
    due: Option<Timestamp>,
}

impl Aggregates {
    /// Counts one request. When the counts are to go, if that is news.
    pub(super) fn record(
        &mut self,
        started: Timestamp,
        did: Option<Text>,
        health: Health,
        now: Timestamp,
    ) -> Option<Timestamp> {
        self.buckets.entry((minute(started), did)).or_default()[health as usize] += 1;
        let latest = now.after(PERIOD);
        // Later than that is what a clock that was put back would make of it.
        let is_news = self.due.is_none_or(|due| due > latest);
        is_news.then(|| *self.due.insert(latest))
    }

    /// True if one item holds no more.
    pub(super) fn is_full(&self) -> bool {
        self.buckets.len() >= MAX_BUCKETS
    }

    /// When the counts are to go.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.due
    }

    /// Takes all counts.
    pub(super) fn take(&mut self) -> Vec<SessionBucket> {
        self.due = None;
        let buckets = std::mem::take(&mut self.buckets).into_iter();
        let bucket = |((started, did), counts): ((Timestamp, Option<Text>), [u64; 3])| SessionBucket {
            started,
            did,
            exited: counts[0],
            errored: counts[1],
            crashed: counts[2],
        };
        buckets.map(bucket).collect()
    }
}

fn minute(time: Timestamp) -> Timestamp {
    const MICROS: i64 = 60_000_000;
    Timestamp::from_micros(time.micros().div_euclid(MICROS) * MICROS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_a_minute_and_a_user() {
        let mut counts = Aggregates::default();
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        assert_eq!(counts.record(at(119), None, Health::Healthy, at(130)), Some(at(190)));
        assert_eq!(counts.record(at(60), None, Health::Errored, at(131)), None);
        assert_eq!(counts.record(at(120), Some("a".into()), Health::Crashed, at(132)), None);
        let buckets = counts.take();
        assert_eq!(buckets.len(), 2);
        let first = &buckets[0];
        assert_eq!((first.started, first.exited, first.errored, first.crashed), (at(60), 1, 1, 0));
        assert_eq!((buckets[1].did.as_deref(), buckets[1].crashed), (Some("a"), 1));
        assert_eq!(counts.due(), None);
    }

    #[test]
    fn a_clock_that_was_put_back_does_not_hold_counts_back() {
        let mut counts = Aggregates::default();
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        assert_eq!(counts.record(at(10_000), None, Health::Healthy, at(10_000)), Some(at(10_060)));
        assert_eq!(counts.record(at(100), None, Health::Healthy, at(100)), Some(at(160)));
    }
}
