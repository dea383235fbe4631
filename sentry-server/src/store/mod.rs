//! Where everything is kept: one trait by use case, one embedded implementation.

mod access;
mod batch;
mod builds;
#[cfg(test)]
mod contract;
mod curate;
mod dictionary;
mod facets;
mod files;
mod grouping;
#[cfg(test)]
mod grouping_contract;
mod health;
mod monitor;
mod releases;
mod replay;
mod rows;
pub(crate) mod sqlite;
#[cfg(test)]
mod telemetry_contract;
mod triage;
mod types;
mod upkeep;
mod version;

pub(crate) use access::{Access, Changed, Member, NewToken, Rename, Role, Team, Token, TokenOwner};
pub(crate) use batch::{Batch, GroupingTree, KeptItem, NewEvent, NewGroup, NewItem, Tells, Written};
pub(crate) use builds::{Archive, Builds, CodeMapping};
pub(crate) use curate::Curate;
pub(crate) use dictionary::{Dictionary, packed};
pub(crate) use facets::Facets;
pub(crate) use files::{
    BlobHash, BundleFile, DebugFile, DebugKey, Files, FoundFile, NewBundle, ReleaseFile, Sha1,
};
pub(crate) use grouping::{Grouped, IMPORTED, ImportedIssue, IssueHash, Tombstone, Unmerged};
pub(crate) use health::{Health, NewSession, SessionCounts, SessionDay, SessionHour, SessionKind};
pub(crate) use monitor::{
    CheckInCount, CheckInRow, Incident, Monitor, MonitorEnvironment, MonitorId, Monitors, NewCheckIn, Watched,
};
pub(crate) use releases::{Commit, Deploy, Release, ReleaseChange, Releases, Repository};
pub(crate) use replay::{NewReplay, Replay};
pub(crate) use rows::{
    Common, FeedbackRow, LogRow, MetricRow, Place, ProfileRow, Rows, SpanRow, TelemetryFilter, TraceKey,
};
pub(crate) use triage::{Activity, Company, IssueChange, Marks, Resolution, Triage, Wake};
pub(crate) use types::{
    ClientKey, Cursor, EventKey, Holder, Issue, IssueContext, IssueFilter, IssueId, IssueSort, Neighbours,
    NewProject, OrgId, Organization, OutcomeKey, OutcomeRow, Page, PageRequest, Project, ProjectId,
    ProjectScope, Status, StoredEvent, StoredItem, TagKey, TagValue, User, UserId,
};
pub(crate) use upkeep::Expired;
pub use upkeep::{Checked, Retention};

use std::collections::HashMap;
use std::sync::Arc;

use crate::instant::Micros;
use crate::project::{AllSettings, KeySettings, OrganizationSettings, ProjectSettings};
use crate::search::SearchError;

/// A store that failed: the disk, the database, or a row that cannot be read.
#[derive(Debug)]
pub(crate) struct StoreError {
    what: &'static str,
    source: Box<dyn std::error::Error + Send + Sync>,
}

pub(crate) type Result<T> = std::result::Result<T, StoreError>;

/// Everything the server keeps. Calls block; async callers go through `App::read` and `App::write`.
#[cfg_attr(not(test), expect(dead_code, reason = "the API does not answer all of it yet"))]
pub(crate) trait Store:
    Access
    + Releases
    + Files
    + Builds
    + Monitors
    + Facets
    + Curate
    + Triage
    + Grouped
    + Send
    + Sync
    + std::fmt::Debug
{
    // Organisations, projects, keys.
    fn create_organization(&self, slug: &str, name: &str, now: Micros) -> Result<Organization>;
    fn organizations(&self) -> Result<Vec<Organization>>;
    /// `None` when the slug or the id is taken.
    fn create_project(&self, project: &NewProject) -> Result<Option<Project>>;
    fn projects(&self, org: OrgId) -> Result<Vec<Project>>;
    /// Every client key there is, for the table that ingest looks keys up in.
    fn client_keys(&self) -> Result<Vec<ClientKey>>;

    // Settings; whoever changes them calls `App::reload_keys` afterwards.
    fn all_settings(&self) -> Result<AllSettings>;
    fn set_organization_settings(&self, org: OrgId, settings: &OrganizationSettings) -> Result<()>;
    fn set_project_settings(&self, project: ProjectId, settings: &ProjectSettings) -> Result<()>;
    fn set_key_settings(&self, key: i64, settings: &KeySettings) -> Result<()>;
    /// How many errors and transactions an hour brought on average, of the hours that brought any.
    fn usual_hours(&self, since_hour: i64, until_hour: i64) -> Result<HashMap<ProjectId, u64>>;

    // People and their credentials; secrets arrive hashed.
    fn create_user(&self, username: &str, password_hash: &str, now: Micros) -> Result<UserId>;
    fn set_password(&self, username: &str, password_hash: &str) -> Result<bool>;
    fn user(&self, username: &str) -> Result<Option<User>>;
    fn has_users(&self) -> Result<bool>;
    fn create_session(&self, user: UserId, hash: &[u8; 32], expires: Micros) -> Result<()>;
    fn session_holder(&self, hash: &[u8; 32], now: Micros) -> Result<Option<Holder>>;
    fn delete_session(&self, hash: &[u8; 32]) -> Result<()>;

    // Digest.
    /// Where the spool is to be read from after a start.
    fn resume_at(&self) -> Result<u64>;
    /// Writes a batch: every event once per `(project, event_id)`, counted exactly, or nothing at all.
    fn write(&self, batch: &Batch) -> Result<Written>;

    // Forgetting.
    /// Deletes the days that are too old or too much.
    fn expire(&self, retention: &Retention, now: Micros) -> Result<Expired>;
    /// One short piece of deleting what else is too old; call with 0, 1, 2 .. while it says that there is more.
    fn forget(&self, retention: &Retention, now: Micros, slice: u16) -> Result<bool>;
    /// One short piece of deleting what is left of projects that are gone; call while it says that there is more.
    fn sweep(&self) -> Result<bool>;

    // Issues.
    fn issues(&self, filter: &IssueFilter) -> Result<Page<Issue>>;
    /// How many issues the filter lets through on all pages, counted up to `max`.
    fn count_issues(&self, filter: &IssueFilter, max: usize) -> Result<usize>;
    fn issue(&self, scope: &ProjectScope, id: IssueId) -> Result<Option<Issue>>;
    fn issue_by_number(&self, project: ProjectId, number: i64) -> Result<Option<Issue>>;
    /// `(hour, events)` per issue from `since` on, in the order of `ids`.
    fn issue_hours(&self, ids: &[IssueId], since_hour: i64) -> Result<Vec<Vec<(i64, i64)>>>;
    fn issue_tags(&self, issue: IssueId, top: usize) -> Result<Vec<TagKey>>;

    // Events.
    fn event(&self, scope: &ProjectScope, event_id: &EventKey) -> Result<Option<StoredEvent>>;
    fn issue_events(&self, issue: IssueId, page: PageRequest) -> Result<Page<StoredEvent>>;

    /// What the newest bodies are compressed against.
    fn newest_dictionary(&self) -> Result<Option<Arc<Dictionary>>>;

    /// The newest event of an issue that has its body.
    fn newest_whole_event(&self, issue: IssueId) -> Result<Option<StoredEvent>>;
    fn project_events(&self, project: ProjectId, page: PageRequest) -> Result<Page<StoredEvent>>;
    fn neighbours(&self, issue: IssueId, event: &StoredEvent) -> Result<Neighbours>;
    fn items(&self, project: ProjectId, event_id: &EventKey) -> Result<Vec<StoredItem>>;
    fn item_body(&self, project: ProjectId, event_id: &EventKey, seq: i64) -> Result<Option<Vec<u8>>>;

    // Telemetry; lists are newest first.
    fn spans(&self, filter: &TelemetryFilter) -> Result<Page<SpanRow>>;
    /// All spans of a trace in order of time, up to `max`, from whichever day.
    fn trace(&self, scope: &ProjectScope, trace: &TraceKey, max: usize) -> Result<Vec<SpanRow>>;
    fn logs(&self, filter: &TelemetryFilter) -> Result<Page<LogRow>>;
    fn metrics(&self, filter: &TelemetryFilter) -> Result<Page<MetricRow>>;
    fn profiles(&self, filter: &TelemetryFilter) -> Result<Page<ProfileRow>>;
    /// The payload that a row is from: the item's, or the normalised event's.
    fn source(&self, scope: &ProjectScope, place: Place) -> Result<Option<Vec<u8>>>;

    // What users wrote.
    fn feedback(&self, scope: &ProjectScope, page: PageRequest) -> Result<Page<FeedbackRow>>;
    fn feedback_about(&self, project: ProjectId, event_id: &EventKey) -> Result<Vec<FeedbackRow>>;
    /// Newest first, of the newest reports of the project.
    fn feedback_about_issue(&self, project: ProjectId, issue: IssueId) -> Result<Vec<FeedbackRow>>;

    // Replays; the pieces of one are items under its id.
    fn replays(&self, scope: &ProjectScope, page: PageRequest) -> Result<Page<Replay>>;
    fn replay(&self, scope: &ProjectScope, replay: &EventKey) -> Result<Option<Replay>>;

    // Release health, of all releases or one, from `since` (inclusive) to `until` (exclusive).
    fn session_hours(
        &self,
        scope: &ProjectScope,
        release: Option<&str>,
        since_hour: i64,
        until_hour: i64,
    ) -> Result<Vec<SessionHour>>;
    fn session_days(
        &self,
        scope: &ProjectScope,
        release: Option<&str>,
        since_day: i64,
        until_day: i64,
    ) -> Result<Vec<SessionDay>>;
    /// Distinct users over the whole time, each counted once by the worst of their sessions.
    fn session_users(
        &self,
        scope: &ProjectScope,
        release: Option<&str>,
        since_day: i64,
        until_day: i64,
    ) -> Result<SessionCounts>;

    // Ledger.
    fn outcomes(&self, scope: &ProjectScope, since_hour: i64) -> Result<Vec<OutcomeRow>>;
}

impl StoreError {
    /// Whether the row itself is at fault, so that trying again does not help. Everything else (a full disk, a lock, a
    /// damaged file) is the surroundings' fault, and the row is to wait.
    pub(crate) fn is_refused_row(&self) -> bool {
        use rusqlite::{Error, ErrorCode};
        match self.source.downcast_ref::<Error>() {
            Some(Error::SqliteFailure(failure, _)) => matches!(
                failure.code,
                ErrorCode::ConstraintViolation
                    | ErrorCode::TooBig
                    | ErrorCode::TypeMismatch
                    | ErrorCode::ParameterOutOfRange
            ),
            Some(
                Error::QueryReturnedNoRows
                | Error::ToSqlConversionFailure(_)
                | Error::IntegralValueOutOfRange(..)
                | Error::FromSqlConversionFailure(..)
                | Error::InvalidColumnType(..),
            ) => true,
            _ => false,
        }
    }

    /// What is wrong with a search, if that is what failed.
    pub(crate) fn search(&self) -> Option<&SearchError> {
        self.source.downcast_ref()
    }

    pub(crate) fn new(
        what: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { what, source: source.into() }
    }
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.what, self.source)
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.source.as_ref())
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::new("database", error)
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        Self::new("storage", error)
    }
}
