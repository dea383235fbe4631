//! The embedded store: `meta.db` for everything relational and one file of events per day.
//!
//! A transaction over two files is atomic in each file only. So a batch commits its day file first and `meta.db`
//! second, and `meta.db` alone says what is counted and where the spool resumes. After a crash in between, the
//! batch is written again: rows in the day file are named by their place in the spool and are replaced, not doubled.

mod access;
mod accounts;
mod backup;
mod builds;
mod check;
mod claim;
mod curate;
mod days;
mod delta;
mod dictionaries;
mod events;
mod facets;
mod feedback;
mod files;
mod forget;
mod grouping;
mod hashes;
mod health;
mod import;
mod issue_search;
mod issues;
mod merge;
mod monitors;
mod open;
mod page;
mod places;
mod projects;
mod regression;
mod releases;
mod removal;
mod replays;
mod retention;
mod rows;
mod settings;
mod tags;
mod tally;
mod telemetry;
mod telemetry_query;
#[cfg(test)]
mod tests;
mod texts;
mod trees;
mod triage;
mod unmerge;
mod watch;
mod write;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use self::claim::Known;
use self::days::{DayWriters, Days};
use super::{
    Batch, Checked, ClientKey, Dictionary, EventKey, Expired, FeedbackRow, Holder, Issue, IssueFilter,
    IssueId, LogRow, MetricRow, Neighbours, NewProject, OrgId, Organization, OutcomeRow, Page, PageRequest,
    Place, ProfileRow, Project, ProjectId, ProjectScope, Replay, Result, Retention, SessionCounts,
    SessionDay, SessionHour, SpanRow, Store, StoredEvent, StoredItem, TagKey, TelemetryFilter, TraceKey,
    User, UserId, Written,
};
use crate::instant::Micros;
use crate::project::{AllSettings, KeySettings, OrganizationSettings, ProjectSettings};

/// A data folder opened as a store.
#[derive(Debug)]
pub(crate) struct SqliteStore {
    readers: Mutex<Vec<Connection>>,
    days: Days,
    /// Dropped after the readers: the last one to close a file puts away the log beside it, which a reader cannot.
    writer: Mutex<Writer>,
    dir: PathBuf,
    meta: PathBuf,
}

/// The connections that write; one batch or one small change at a time.
#[derive(Debug)]
struct Writer {
    meta: Connection,
    days: DayWriters,
    known: Known,
}

impl SqliteStore {
    /// Opens a folder that exists, creating and migrating `meta.db` as needed.
    pub(crate) fn open(dir: &Path) -> Result<Self> {
        let meta = dir.join("meta.db");
        let mut writer = Writer {
            meta: open::writer(&meta, 4_096, open::META)?,
            days: DayWriters::default(),
            known: Known::default(),
        };
        let days = Days::open(dir)?;
        unmerge::resume(&mut writer, &days)?;
        while removal::slice(&mut writer, &days, true)? {}
        Ok(Self { writer: Mutex::new(writer), readers: Mutex::default(), dir: dir.to_owned(), meta, days })
    }

    /// Copies everything into another folder, as of one moment.
    pub(crate) fn backup(&self, to: &Path) -> Result<u64> {
        backup::copy(&self.dir, to)
    }

    /// Looks at every file.
    pub(crate) fn check(&self) -> Result<Checked> {
        check::all(self)
    }

    /// For any change but a batch: it may lead hashes elsewhere.
    fn writer(&self) -> MutexGuard<'_, Writer> {
        let mut writer = self.batch_writer();
        writer.known.forget();
        writer
    }

    fn batch_writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Deletes the events of issues that are gone. The digest gets its turn in between.
    fn remove_events(&self) -> Result<()> {
        while removal::slice(&mut self.writer(), &self.days, true)? {}
        Ok(())
    }

    fn write_meta<T>(&self, write: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        write(&self.writer().meta)
    }

    fn read_meta<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let pooled = self.readers().pop();
        let connection = match pooled {
            Some(connection) => connection,
            None => open::reader(&self.meta)?,
        };
        let answer = read(&connection)?;
        let mut readers = self.readers();
        if readers.len() < READERS {
            readers.push(connection);
        }
        Ok(answer)
    }

    fn readers(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const READERS: usize = 8;

impl Store for SqliteStore {
    fn create_organization(&self, slug: &str, name: &str, now: Micros) -> Result<Organization> {
        self.write_meta(|meta| projects::create_organization(meta, slug, name, now))
    }

    fn organizations(&self) -> Result<Vec<Organization>> {
        self.read_meta(projects::organizations)
    }

    fn create_project(&self, project: &NewProject) -> Result<Option<Project>> {
        projects::create(&mut self.writer().meta, project)
    }

    fn projects(&self, org: OrgId) -> Result<Vec<Project>> {
        self.read_meta(|meta| projects::list(meta, org))
    }

    fn client_keys(&self) -> Result<Vec<ClientKey>> {
        self.read_meta(projects::client_keys)
    }

    fn all_settings(&self) -> Result<AllSettings> {
        self.read_meta(settings::all)
    }

    fn set_organization_settings(&self, org: OrgId, settings: &OrganizationSettings) -> Result<()> {
        self.write_meta(|meta| settings::set(meta, settings::ORGANIZATION, org, settings))
    }

    fn set_project_settings(&self, project: ProjectId, settings: &ProjectSettings) -> Result<()> {
        self.write_meta(|meta| settings::set(meta, settings::PROJECT, project, settings))
    }

    fn set_key_settings(&self, key: i64, settings: &KeySettings) -> Result<()> {
        self.write_meta(|meta| settings::set(meta, settings::KEY, key, settings))
    }

    fn usual_hours(&self, since_hour: i64, until_hour: i64) -> Result<HashMap<ProjectId, u64>> {
        self.read_meta(|meta| settings::hourly(meta, since_hour, until_hour))
    }

    fn create_user(&self, username: &str, password_hash: &str, now: Micros) -> Result<UserId> {
        self.write_meta(|meta| accounts::create_user(meta, username, password_hash, now))
    }

    fn set_password(&self, username: &str, password_hash: &str) -> Result<bool> {
        accounts::set_password(&mut self.writer().meta, username, password_hash)
    }

    fn user(&self, username: &str) -> Result<Option<User>> {
        self.read_meta(|meta| accounts::user(meta, username))
    }

    fn has_users(&self) -> Result<bool> {
        self.read_meta(accounts::has_users)
    }

    fn create_session(&self, user: UserId, hash: &[u8; 32], expires: Micros) -> Result<()> {
        self.write_meta(|meta| accounts::create_session(meta, user, hash, expires))
    }

    fn session_holder(&self, hash: &[u8; 32], now: Micros) -> Result<Option<Holder>> {
        self.read_meta(|meta| accounts::session_holder(meta, hash, now))
    }

    fn delete_session(&self, hash: &[u8; 32]) -> Result<()> {
        self.write_meta(|meta| accounts::delete_session(meta, hash))
    }

    fn resume_at(&self) -> Result<u64> {
        self.read_meta(write::resume_at)
    }

    fn write(&self, batch: &Batch) -> Result<Written> {
        write::batch(&mut self.batch_writer(), &self.days, batch)
    }

    fn expire(&self, retention: &Retention, now: Micros) -> Result<Expired> {
        let doomed = retention::doomed(&self.days, retention, now)?;
        if doomed.is_empty() {
            return Ok(Expired::default());
        }
        retention::drop_days(&mut self.writer(), &self.days, &doomed)
    }

    fn forget(&self, retention: &Retention, now: Micros, slice: u16) -> Result<bool> {
        let mut writer = self.writer();
        let transaction = writer.meta.transaction()?;
        let more = retention::forget(&transaction, retention, now, slice)?;
        transaction.commit()?;
        Ok(more)
    }

    fn sweep(&self) -> Result<bool> {
        removal::slice(&mut self.writer(), &self.days, false)
    }

    fn issues(&self, filter: &IssueFilter) -> Result<Page<Issue>> {
        self.read_meta(|meta| issues::list(meta, filter))
    }

    fn count_issues(&self, filter: &IssueFilter, max: usize) -> Result<usize> {
        self.read_meta(|meta| issues::count(meta, filter, max))
    }

    fn issue(&self, scope: &ProjectScope, id: IssueId) -> Result<Option<Issue>> {
        self.read_meta(|meta| issues::by_id(meta, scope, id))
    }

    fn issue_by_number(&self, project: ProjectId, number: i64) -> Result<Option<Issue>> {
        self.read_meta(|meta| issues::by_number(meta, project, number))
    }

    fn issue_hours(&self, ids: &[IssueId], since_hour: i64) -> Result<Vec<Vec<(i64, i64)>>> {
        self.read_meta(|meta| issues::hours(meta, ids, since_hour))
    }

    fn issue_tags(&self, issue: IssueId, top: usize) -> Result<Vec<TagKey>> {
        self.read_meta(|meta| tags::list(meta, issue, top))
    }

    fn event(&self, scope: &ProjectScope, event_id: &EventKey) -> Result<Option<StoredEvent>> {
        let place = self.read_meta(|meta| events::place(meta, scope, event_id))?;
        let Some((day, seq)) = place else { return Ok(None) };
        Ok(self.days.read(day, |file| events::by_seq(&self.days, file, seq))?.flatten())
    }

    fn issue_events(&self, issue: IssueId, page: PageRequest) -> Result<Page<StoredEvent>> {
        let days = self.read_meta(|meta| events::issue_days(meta, issue))?;
        events::list(&self.days, &days, events::Of::Issue(issue), page)
    }

    fn newest_whole_event(&self, issue: IssueId) -> Result<Option<StoredEvent>> {
        let days = self.read_meta(|meta| events::issue_days(meta, issue))?;
        events::newest_whole(&self.days, &days, issue)
    }

    fn newest_dictionary(&self) -> Result<Option<Arc<Dictionary>>> {
        dictionaries::newest(&self.days)
    }

    fn project_events(&self, project: ProjectId, page: PageRequest) -> Result<Page<StoredEvent>> {
        events::list(&self.days, &self.days.newest_first(), events::Of::Project(project), page)
    }

    fn neighbours(&self, issue: IssueId, event: &StoredEvent) -> Result<Neighbours> {
        let days = self.read_meta(|meta| events::issue_days(meta, issue))?;
        events::neighbours(&self.days, &days, issue, event)
    }

    fn items(&self, project: ProjectId, event_id: &EventKey) -> Result<Vec<StoredItem>> {
        events::items(&self.days, project, event_id)
    }

    fn item_body(&self, project: ProjectId, event_id: &EventKey, seq: i64) -> Result<Option<Vec<u8>>> {
        events::item_body(&self.days, project, event_id, seq)
    }

    fn spans(&self, filter: &TelemetryFilter) -> Result<Page<SpanRow>> {
        telemetry::list(&self.days, filter)
    }

    fn trace(&self, scope: &ProjectScope, trace: &TraceKey, max: usize) -> Result<Vec<SpanRow>> {
        telemetry::trace(&self.days, scope, trace, max)
    }

    fn logs(&self, filter: &TelemetryFilter) -> Result<Page<LogRow>> {
        telemetry::list(&self.days, filter)
    }

    fn metrics(&self, filter: &TelemetryFilter) -> Result<Page<MetricRow>> {
        telemetry::list(&self.days, filter)
    }

    fn profiles(&self, filter: &TelemetryFilter) -> Result<Page<ProfileRow>> {
        telemetry::list(&self.days, filter)
    }

    fn source(&self, scope: &ProjectScope, place: Place) -> Result<Option<Vec<u8>>> {
        events::source(&self.days, scope, place)
    }

    fn feedback(&self, scope: &ProjectScope, page: PageRequest) -> Result<Page<FeedbackRow>> {
        feedback::list(&self.days, scope, page)
    }

    fn feedback_about(&self, project: ProjectId, event_id: &EventKey) -> Result<Vec<FeedbackRow>> {
        feedback::about(&self.days, project, event_id)
    }

    fn feedback_about_issue(&self, project: ProjectId, issue: IssueId) -> Result<Vec<FeedbackRow>> {
        self.read_meta(|meta| feedback::about_issue(&self.days, meta, (project, issue)))
    }

    fn replays(&self, scope: &ProjectScope, page: PageRequest) -> Result<Page<Replay>> {
        self.read_meta(|meta| replays::list(meta, scope, page))
    }

    fn replay(&self, scope: &ProjectScope, replay: &EventKey) -> Result<Option<Replay>> {
        self.read_meta(|meta| replays::by_id(meta, scope, replay))
    }

    fn session_hours(
        &self,
        scope: &ProjectScope,
        release: Option<&str>,
        since_hour: i64,
        until_hour: i64,
    ) -> Result<Vec<SessionHour>> {
        self.read_meta(|meta| health::hours(meta, scope, release, since_hour, until_hour))
    }

    fn session_days(
        &self,
        scope: &ProjectScope,
        release: Option<&str>,
        since_day: i64,
        until_day: i64,
    ) -> Result<Vec<SessionDay>> {
        self.read_meta(|meta| health::days(meta, scope, release, since_day, until_day))
    }

    fn session_users(
        &self,
        scope: &ProjectScope,
        release: Option<&str>,
        since_day: i64,
        until_day: i64,
    ) -> Result<SessionCounts> {
        self.read_meta(|meta| health::users(meta, scope, release, since_day, until_day))
    }

    fn outcomes(&self, scope: &ProjectScope, since_hour: i64) -> Result<Vec<OutcomeRow>> {
        self.read_meta(|meta| projects::outcomes(meta, scope, since_hour))
    }
}
