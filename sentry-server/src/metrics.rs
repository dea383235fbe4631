//! Counters of the running process, in Prometheus' text format.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Everything counted since the start. Counters never go down; gauges are set by their owners.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) accepted_requests: AtomicU64,
    pub(crate) accepted_wire_bytes: AtomicU64,
    pub(crate) rejected: Labelled<9>,
    pub(crate) digested_events: AtomicU64,
    pub(crate) duplicate_events: AtomicU64,
    pub(crate) invalid_items: AtomicU64,
    pub(crate) new_issues: AtomicU64,
    pub(crate) write_errors: AtomicU64,
    pub(crate) batches: AtomicU64,
    pub(crate) commits: AtomicU64,
    fsync_micros: AtomicU64,
    write_micros: AtomicU64,
    pub(crate) queue_bytes: AtomicU64,
    pub(crate) queue_records: AtomicU64,
    pub(crate) spool_bytes: AtomicU64,
}

/// A counter for each of a few known labels.
#[derive(Debug)]
pub(crate) struct Labelled<const N: usize>([(&'static str, AtomicU64); N]);

impl Default for Labelled<9> {
    fn default() -> Self {
        Self(
            [
                "malformed",
                "no_key",
                "wrong_key",
                "wrong_type",
                "too_large",
                "queue_full",
                "limited",
                "stopping",
                "other",
            ]
            .map(|label| (label, AtomicU64::new(0))),
        )
    }
}

impl<const N: usize> Labelled<N> {
    /// Counts one; an unknown label goes to the last.
    pub(crate) fn add(&self, label: &str) {
        let found = self.0.iter().find(|(known, _)| *known == label).or(self.0.last());
        if let Some((_, counter)) = found {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }
}

pub(crate) fn add(counter: &AtomicU64, by: usize) {
    counter.fetch_add(by as u64, Ordering::Relaxed);
}

impl Metrics {
    pub(crate) fn committed(&self, took: Duration) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.fsync_micros.fetch_add(took.as_micros() as u64, Ordering::Relaxed);
    }

    pub(crate) fn wrote(&self, took: Duration) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.write_micros.fetch_add(took.as_micros() as u64, Ordering::Relaxed);
    }

    /// The text that `/metrics` answers.
    pub(crate) fn render(&self) -> String {
        let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut text = String::with_capacity(2_048);
        let mut put = |name: &str, kind: &str, help: &str, value: String| {
            let _ = write!(
                text,
                "# HELP watchpost_{name} {help}\n# TYPE watchpost_{name} {kind}\nwatchpost_{name} {value}\n"
            );
        };
        let counters = [
            ("accepted_requests_total", "Requests answered with 200 by ingest.", &self.accepted_requests),
            ("accepted_bytes_total", "Their bytes on the wire.", &self.accepted_wire_bytes),
            ("digested_events_total", "Events counted and stored.", &self.digested_events),
            ("duplicate_events_total", "Events that were stored already.", &self.duplicate_events),
            ("invalid_items_total", "Items dropped because they could not be used.", &self.invalid_items),
            ("issues_created_total", "New issues.", &self.new_issues),
            ("write_errors_total", "Batches that the store refused.", &self.write_errors),
            ("batches_total", "Batches written.", &self.batches),
            ("spool_commits_total", "Group commits of the spool.", &self.commits),
        ];
        for (name, help, counter) in counters {
            put(name, "counter", help, value(counter).to_string());
        }
        let seconds = |micros: u64| format!("{:.6}", micros as f64 / 1e6);
        put(
            "spool_fsync_seconds_total",
            "counter",
            "Time in group commits.",
            seconds(value(&self.fsync_micros)),
        );
        put("write_seconds_total", "counter", "Time in store writes.", seconds(value(&self.write_micros)));
        let gauges = [
            ("queue_bytes", "Bytes waiting in memory for the digest.", &self.queue_bytes),
            ("queue_records", "Records accepted and not digested yet.", &self.queue_records),
            ("spool_bytes", "Bytes in the spool's segments.", &self.spool_bytes),
        ];
        for (name, help, gauge) in gauges {
            put(name, "gauge", help, value(gauge).to_string());
        }
        let _ = write!(
            text,
            "# HELP watchpost_rejected_requests_total Requests refused by ingest.\n\
             # TYPE watchpost_rejected_requests_total counter\n"
        );
        for (label, counter) in &self.rejected.0 {
            let _ =
                writeln!(text, "watchpost_rejected_requests_total{{reason=\"{label}\"}} {}", value(counter));
        }
        text
    }
}
