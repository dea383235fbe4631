//! What a batch adds to one issue, summed up before it is written.

use std::collections::{BTreeMap, HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::json;

use super::tags::{self, Seen, Tag};
use super::{regression, triage};
use crate::instant::{self, Micros};
use crate::store::{IssueId, NewEvent, NewGroup, Result};

/// Counters of one issue within one batch.
#[derive(Debug)]
pub(super) struct Delta<'a> {
    events: i64,
    first: Micros,
    last: Micros,
    /// The first event of the batch; an issue that the batch makes has its platform, logger and release.
    founder: (&'a NewEvent, &'a NewGroup),
    /// The newest event describes the issue.
    latest: (&'a NewEvent, &'a NewGroup),
    unhandled: bool,
    hours: BTreeMap<i64, i64>,
    days: BTreeMap<i64, i64>,
    users: HashSet<[u8; 16]>,
    /// When each release was seen last.
    releases: HashMap<Option<&'a str>, Micros>,
    tags: Vec<Tag<'a>>,
    /// The first so many are there once each, in their order; those behind them were new then.
    sorted: usize,
}

impl<'a> Delta<'a> {
    pub(super) fn new(event: &'a NewEvent, group: &'a NewGroup) -> Self {
        Self {
            events: 0,
            first: event.timestamp,
            last: event.timestamp,
            founder: (event, group),
            latest: (event, group),
            unhandled: false,
            hours: BTreeMap::new(),
            days: BTreeMap::new(),
            users: HashSet::new(),
            releases: HashMap::new(),
            tags: Vec::new(),
            sorted: 0,
        }
    }

    pub(super) fn add(&mut self, event: &'a NewEvent, group: &'a NewGroup) {
        self.events += 1;
        self.first = self.first.min(event.timestamp);
        if event.timestamp >= self.last {
            self.last = event.timestamp;
            self.latest = (event, group);
        }
        self.unhandled |= group.unhandled;
        *self.hours.entry(instant::hour(event.timestamp)).or_default() += 1;
        *self.days.entry(instant::day(event.received)).or_default() += 1;
        self.users.extend(group.user);
        let seen = self.releases.entry(group.release.as_deref()).or_insert(event.timestamp);
        *seen = (*seen).max(event.timestamp);
        let seen = Seen { events: 1, first: event.timestamp, last: event.timestamp };
        for (key, value) in &group.tags {
            match self.tags[..self.sorted].binary_search_by_key(&(key.as_str(), value.as_str()), Tag::place) {
                Ok(known) => self.tags[known].seen.add(&seen),
                Err(_) => self.tags.push(Tag { key, value, seen }),
            }
        }
        if self.tags.len() - self.sorted > self.sorted.max(UNSORTED) {
            self.sum_up_tags();
        }
    }

    /// Writes it; `number` is that of an issue which has no row yet.
    pub(super) fn apply(&mut self, meta: &Connection, issue: IssueId, number: Option<i64>) -> Result<()> {
        let users = self.add_users(meta, issue)?;
        match number {
            Some(number) => self.create(meta, issue, number, users)?,
            None => self.update(meta, issue, users)?,
        }
        for (table, counts) in [("hour", &self.hours), ("day", &self.days)] {
            let mut statement = meta.prepare_cached(match table {
                "hour" => {
                    "INSERT INTO issue_hours (issue_id, hour, events) VALUES (?1, ?2, ?3) \
                     ON CONFLICT DO UPDATE SET events = events + excluded.events"
                }
                _ => {
                    "INSERT INTO issue_days (issue_id, day, events) VALUES (?1, ?2, ?3) \
                     ON CONFLICT DO UPDATE SET events = events + excluded.events"
                }
            })?;
            for (at, events) in counts {
                statement.execute(params![issue, at, events])?;
            }
        }
        self.sum_up_tags();
        match number {
            Some(_) => tags::set(meta, issue, &self.tags),
            None => tags::add(meta, issue, &self.tags),
        }
    }

    fn create(&self, meta: &Connection, issue: IssueId, number: i64, users: i64) -> Result<()> {
        let ((first, founder), (last, latest)) = (self.founder, self.latest);
        meta.prepare_cached(
            "INSERT INTO issues (id, project_id, number, title, culprit, kind, metadata, level, platform, logger, \
             unhandled, substatus, first_seen, last_seen, events, users, first_release, last_release) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 'new', ?12, ?13, ?14, ?15, ?16, ?17)",
        )?
        .execute(params![
            issue,
            first.project,
            number,
            last.title,
            last.culprit,
            founder.kind,
            latest.metadata,
            last.level,
            founder.platform,
            founder.logger,
            self.unhandled,
            self.first,
            self.last,
            self.events,
            users,
            founder.release,
            latest.release,
        ])?;
        Ok(())
    }

    fn update(&self, meta: &Connection, issue: IssueId, users: i64) -> Result<()> {
        let (event, group) = self.latest;
        let now: Option<(Micros, bool)> = meta
            .prepare_cached("SELECT first_seen, status = 'resolved' FROM issues WHERE id = ?1")?
            .query_row([issue], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (first_seen, is_resolved) = now.unwrap_or((self.first, false));
        if is_resolved && let Some(release) = regression::of(meta, issue, &self.releases)? {
            triage::record(
                meta,
                issue,
                "set_regression",
                None,
                &json!({ "version": release }),
                event.received,
            )?;
            meta.prepare_cached(
                "UPDATE issues SET status = 'unresolved', substatus = 'regressed', status_details = NULL, \
                 resolved_at = NULL, resolved_how = NULL, resolved_in = NULL WHERE id = ?1",
            )?
            .execute([issue])?;
        }
        // Seldom, and an index goes by it.
        if self.first < first_seen {
            meta.prepare_cached("UPDATE issues SET first_seen = ?2 WHERE id = ?1")?
                .execute(params![issue, self.first])?;
        }
        meta.prepare_cached(
            "UPDATE issues SET events = events + ?2, users = users + ?3, \
             title = iif(?4 >= last_seen, ?5, title), culprit = iif(?4 >= last_seen, ?6, culprit), \
             metadata = iif(?4 >= last_seen, ?7, metadata), level = iif(?4 >= last_seen, ?8, level), \
             last_release = coalesce(iif(?4 >= last_seen, ?9, NULL), last_release), \
             last_seen = max(last_seen, ?4), unhandled = max(unhandled, ?10) WHERE id = ?1",
        )?
        .execute(params![
            issue,
            self.events,
            users,
            self.last,
            event.title,
            event.culprit,
            group.metadata,
            event.level,
            group.release,
            self.unhandled,
        ])?;
        Ok(())
    }

    /// How many of the batch's users are new to the issue.
    fn add_users(&self, meta: &Connection, issue: IssueId) -> Result<i64> {
        let mut statement =
            meta.prepare_cached("INSERT OR IGNORE INTO issue_users (issue_id, user) VALUES (?1, ?2)")?;
        let mut fresh = 0;
        for user in &self.users {
            fresh += statement.execute(params![issue, user])? as i64;
        }
        Ok(fresh)
    }

    fn sum_up_tags(&mut self) {
        self.tags.sort_by_key(Tag::place);
        self.tags.dedup_by(|next, kept| {
            let is_same = next.place() == kept.place();
            if is_same {
                kept.seen.add(&next.seen);
            }
            is_same
        });
        self.sorted = self.tags.len();
    }
}

/// Tags that may come in before they are put in order.
const UNSORTED: usize = 32;
