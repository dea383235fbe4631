//! Caps on bytes and age, and the two lanes they apply to.

use crate::error::{Error, Result};
use crate::record::{HEADER_BYTES, MAX_PAYLOAD_BYTES};
use rustix::process::{Resource, getrlimit};
use std::path::PathBuf;
use std::time::Duration;

/// How urgent a record is: what is delivered first and thrown away last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Errors, feedback, sessions, check-ins.
    Urgent,
    /// Everything else: transactions, logs, metrics, reports.
    Bulk,
}

impl Lane {
    pub(crate) const ALL: [Lane; 2] = [Lane::Urgent, Lane::Bulk];

    pub(crate) fn index(self) -> usize {
        match self {
            Lane::Urgent => 0,
            Lane::Bulk => 1,
        }
    }

    pub(crate) fn letter(self) -> char {
        match self {
            Lane::Urgent => 'u',
            Lane::Bulk => 'b',
        }
    }
}

/// Where an outbox lies and how much it may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxConfig {
    /// The folder, made 0700 if it is missing. Processes that report to the same place share it.
    pub dir: PathBuf,
    /// Cap on the files of all processes in the folder, in bytes. Default 64 MiB.
    pub max_bytes: u64,
    /// Size at which a segment is closed and the next begun, in bytes. Default 1 MiB; between a 64th and a
    /// quarter of `max_bytes` is used whatever is asked for.
    pub segment_bytes: u64,
    /// Age at which an urgent segment is given up. Default 14 days.
    pub urgent_max_age: Duration,
    /// Age at which a bulk segment is given up. Default 1 day.
    pub bulk_max_age: Duration,
}

impl OutboxConfig {
    /// The defaults, in this folder.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> OutboxConfig {
        const MIB: u64 = 1024 * 1024;
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        OutboxConfig {
            dir: dir.into(),
            max_bytes: 64 * MIB,
            segment_bytes: MIB,
            urgent_max_age: 14 * DAY,
            bulk_max_age: DAY,
        }
    }
}

/// The caps as they are applied.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub(crate) max_bytes: u64,
    pub(crate) segment_bytes: u64,
    /// The largest record, header included.
    pub(crate) record_bytes: u64,
    /// No file may grow past this: the system would end the process (SIGXFSZ).
    pub(crate) file_bytes: u64,
    max_age_secs: [u64; 2],
}

impl Limits {
    pub(crate) fn of(config: &OutboxConfig) -> Limits {
        let file_bytes = getrlimit(Resource::Fsize).current.unwrap_or(u64::MAX);
        let max_bytes = config.max_bytes;
        // At most 64 segments of our own are open at a time; at least four, so that eviction has a choice.
        let segment_bytes = config.segment_bytes.clamp(max_bytes / 64, max_bytes / 4).min(file_bytes / 2);
        let largest = HEADER_BYTES + MAX_PAYLOAD_BYTES as u64;
        Limits {
            max_bytes,
            segment_bytes,
            record_bytes: (max_bytes / 4).min(file_bytes / 2).min(largest),
            file_bytes,
            max_age_secs: [config.urgent_max_age.as_secs(), config.bulk_max_age.as_secs()],
        }
    }

    /// Whether a segment last written at `modified_secs` is given up at `now_secs` (both since 1970).
    pub(crate) fn is_expired(&self, lane: Lane, modified_secs: u64, now_secs: u64) -> bool {
        now_secs.saturating_sub(modified_secs) > self.max_age_secs[lane.index()]
    }

    pub(crate) fn check_record(&self, bytes: u64) -> Result<()> {
        if bytes > self.record_bytes {
            return Err(Error::too_large("the record is larger than a quarter of the outbox's max_bytes"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_documented() {
        let limits = Limits::of(&OutboxConfig::new("x"));
        assert_eq!(limits.segment_bytes, 1 << 20);
        assert_eq!(limits.record_bytes, 16 << 20);
        let day = 86_400;
        assert!(!limits.is_expired(Lane::Bulk, 100, 100 + day));
        assert!(limits.is_expired(Lane::Bulk, 100, 101 + day));
        assert!(!limits.is_expired(Lane::Urgent, 100, 100 + 14 * day));
        assert!(limits.is_expired(Lane::Urgent, 100, 101 + 14 * day));
        assert!(!limits.is_expired(Lane::Bulk, 5_000_000, 0), "a clock that went back expires nothing");
    }

    #[test]
    fn segments_are_kept_between_a_64th_and_a_quarter() {
        let config =
            |segment_bytes| OutboxConfig { segment_bytes, max_bytes: 6400, ..OutboxConfig::new("x") };
        assert_eq!(Limits::of(&config(1)).segment_bytes, 100);
        assert_eq!(Limits::of(&config(1 << 30)).segment_bytes, 1600);
    }
}
