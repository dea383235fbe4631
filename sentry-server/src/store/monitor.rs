//! Scheduled jobs and what they report.

use serde_json::Value;

use super::Result;
use super::types::{Page, PageRequest, ProjectId, ProjectScope};
use crate::instant::Micros;

pub(crate) type MonitorId = i64;

/// A report of a job.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NewCheckIn {
    pub(crate) project: ProjectId,
    pub(crate) slug: String,
    /// `None` (all zeros on the wire): the latest run in progress.
    pub(crate) check_in: Option<[u8; 16]>,
    /// Names the run if none is in progress; the same whenever the report is read again.
    pub(crate) fallback: [u8; 16],
    /// `in_progress`, `ok`, `error`.
    pub(crate) status: &'static str,
    pub(crate) environment: String,
    pub(crate) received: Micros,
    pub(crate) duration: Option<Micros>,
    pub(crate) release: Option<String>,
    pub(crate) trace: Option<[u8; 16]>,
    /// JSON text; makes the monitor, or changes it.
    pub(crate) config: Option<String>,
}

/// A job that reports.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Monitor {
    pub(crate) id: MonitorId,
    pub(crate) project: ProjectId,
    pub(crate) slug: String,
    pub(crate) name: String,
    /// `null` for a job that reports without having said when it is to run.
    pub(crate) config: Value,
    pub(crate) created: Micros,
    pub(crate) last_check_in: Option<Micros>,
    /// The latest report's.
    pub(crate) status: Option<String>,
    pub(crate) environments: Vec<MonitorEnvironment>,
}

/// A monitor in one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MonitorEnvironment {
    pub(crate) name: String,
    /// Of the run that ended last: `ok`, `error`, `missed`, `timeout`; `in_progress` if none did.
    pub(crate) status: String,
    pub(crate) last_check_in: Option<Micros>,
    /// When the next run is due, and until when it may report.
    pub(crate) next: Option<Micros>,
    pub(crate) latest: Option<Micros>,
    pub(crate) created: Micros,
    /// Since when it fails so often that there is an issue.
    pub(crate) incident: Option<Micros>,
}

/// Failures in a row that make an issue, or that are over.
#[derive(Debug, Clone)]
pub(crate) struct Incident {
    pub(crate) monitor: Monitor,
    pub(crate) environment: String,
    pub(crate) since: Micros,
    pub(crate) status: String,
    pub(crate) failures: i64,
}

/// What a look at the monitors found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watched {
    pub(crate) begun: Vec<Incident>,
    pub(crate) over: Vec<Incident>,
    /// There is more to be found at this moment.
    pub(crate) more: bool,
}

/// One run of a job.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CheckInRow {
    pub(crate) id: i64,
    pub(crate) monitor: MonitorId,
    pub(crate) check_in: [u8; 16],
    pub(crate) environment: String,
    pub(crate) status: String,
    /// When its first report arrived.
    pub(crate) started: Micros,
    /// When its last report arrived.
    pub(crate) updated: Micros,
    pub(crate) duration: Option<Micros>,
    pub(crate) release: Option<String>,
    pub(crate) trace: Option<[u8; 16]>,
}

/// Runs of one status in one piece of time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CheckInCount {
    /// How many pieces of time lie before it.
    pub(crate) piece: i64,
    pub(crate) status: String,
    pub(crate) runs: i64,
    /// Of those runs that said how long they took: their number, and the sum of it.
    pub(crate) timed: i64,
    pub(crate) duration: Micros,
}

/// Looking at monitors.
pub(crate) trait Monitors {
    fn monitors(&self, scope: &ProjectScope) -> Result<Vec<Monitor>>;
    fn monitor(&self, project: ProjectId, slug: &str) -> Result<Option<Monitor>>;
    fn check_ins(&self, monitor: MonitorId, page: PageRequest) -> Result<Page<CheckInRow>>;
    /// Runs that began in a span, its end excluded, by pieces of time of this length; of one of these environments, if any
    /// is named.
    fn count_check_ins(
        &self,
        monitor: MonitorId,
        span: (Micros, Micros),
        piece: Micros,
        environments: &[String],
    ) -> Result<Vec<CheckInCount>>;
}
