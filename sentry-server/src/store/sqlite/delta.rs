//! What a batch adds to one issue, summed up before it is written.

use std::collections::{BTreeMap, HashMap, HashSet};

use rusqlite::{Connection, params};
use serde_json::json;

use super::{regression, triage};
use crate::instant::{self, Micros};
use crate::store::{IssueId, NewEvent, NewGroup, Result};

/// Counters of one issue within one batch.
#[derive(Debug)]
pub(super) struct Delta<'a> {
    events: i64,
    first: Micros,
    last: Micros,
    /// The newest event describes the issue.
    latest: (&'a NewEvent, &'a NewGroup),
    unhandled: bool,
    hours: BTreeMap<i64, i64>,
    days: BTreeMap<i64, i64>,
    users: HashSet<[u8; 16]>,
    /// When each release was seen last.
    releases: HashMap<Option<&'a str>, Micros>,
    tags: HashMap<(&'a str, &'a str), Seen>,
}

#[derive(Debug)]
struct Seen {
    events: i64,
    first: Micros,
    last: Micros,
}

impl<'a> Delta<'a> {
    pub(super) fn new(event: &'a NewEvent, group: &'a NewGroup) -> Self {
        Self {
            events: 0,
            first: event.timestamp,
            last: event.timestamp,
            latest: (event, group),
            unhandled: false,
            hours: BTreeMap::new(),
            days: BTreeMap::new(),
            users: HashSet::new(),
            releases: HashMap::new(),
            tags: HashMap::new(),
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
        for (key, value) in &group.tags {
            let seen = self.tags.entry((key, value)).or_insert(Seen {
                events: 0,
                first: event.timestamp,
                last: event.timestamp,
            });
            seen.events += 1;
            seen.first = seen.first.min(event.timestamp);
            seen.last = seen.last.max(event.timestamp);
        }
    }

    pub(super) fn apply(&self, meta: &Connection, issue: IssueId) -> Result<()> {
        let users = self.add_users(meta, issue)?;
        let (event, group) = self.latest;
        let regressed = regression::of(meta, issue, &self.releases)?;
        if let Some(release) = regressed {
            triage::record(
                meta,
                issue,
                "set_regression",
                None,
                &json!({ "version": release }),
                event.received,
            )?;
        }
        meta.prepare_cached(
            "UPDATE issues SET events = events + ?2, users = users + ?3, first_seen = min(first_seen, ?4), \
             title = iif(?5 >= last_seen, ?6, title), culprit = iif(?5 >= last_seen, ?7, culprit), \
             metadata = iif(?5 >= last_seen, ?8, metadata), level = iif(?5 >= last_seen, ?9, level), \
             last_release = coalesce(iif(?5 >= last_seen, ?10, NULL), last_release), \
             last_seen = max(last_seen, ?5), unhandled = max(unhandled, ?11), \
             substatus = iif(?12, 'regressed', substatus), status_details = iif(?12, NULL, status_details), \
             resolved_at = iif(?12, NULL, resolved_at), resolved_how = iif(?12, NULL, resolved_how), \
             resolved_in = iif(?12, NULL, resolved_in), status = iif(?12, 'unresolved', status) WHERE id = ?1",
        )?
        .execute(params![
            issue,
            self.events,
            users,
            self.first,
            self.last,
            event.title,
            event.culprit,
            group.metadata,
            event.level,
            group.release,
            self.unhandled,
            regressed.is_some(),
        ])?;
        for (table, counts) in [("hour", &self.hours), ("day", &self.days)] {
            let mut statement = meta.prepare_cached(&format!(
                "INSERT INTO issue_{table}s (issue_id, {table}, events) VALUES (?1, ?2, ?3) \
                 ON CONFLICT DO UPDATE SET events = events + excluded.events"
            ))?;
            for (at, events) in counts {
                statement.execute(params![issue, at, events])?;
            }
        }
        self.add_tags(meta, issue)
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

    fn add_tags(&self, meta: &Connection, issue: IssueId) -> Result<()> {
        let mut keys: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
        let mut known = meta.prepare_cached(
            "UPDATE issue_tags SET events = events + ?4, first_seen = min(first_seen, ?5), \
             last_seen = max(last_seen, ?6) WHERE issue_id = ?1 AND key = ?2 AND value = ?3",
        )?;
        // A tag that never repeats (a request id) must not grow a row per event.
        let mut fresh = meta.prepare_cached(
            "INSERT INTO issue_tags (issue_id, key, value, events, first_seen, last_seen) \
             SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE coalesce((SELECT uniques FROM issue_tag_keys \
             WHERE issue_id = ?1 AND key = ?2), 0) + ?7 < ?8",
        )?;
        for ((key, value), seen) in &self.tags {
            let (events, uniques) = keys.entry(key).or_default();
            *events += seen.events;
            if known.execute(params![issue, key, value, seen.events, seen.first, seen.last])? == 0 {
                let row = params![
                    issue,
                    key,
                    value,
                    seen.events,
                    seen.first,
                    seen.last,
                    *uniques,
                    MAX_VALUES_PER_TAG
                ];
                *uniques += fresh.execute(row)? as i64;
            }
        }
        let mut totals = meta.prepare_cached(
            "INSERT INTO issue_tag_keys (issue_id, key, events, uniques) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT DO UPDATE SET events = events + excluded.events, uniques = uniques + excluded.uniques",
        )?;
        for (key, (events, uniques)) in keys {
            totals.execute(params![issue, key, events, uniques])?;
        }
        Ok(())
    }
}

const MAX_VALUES_PER_TAG: i64 = 1_000;
