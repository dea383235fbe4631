//! Counts of an issue, made again from its events.

use std::collections::{BTreeMap, HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Map, Value};

use super::dictionaries::Cache;
use super::tags;
use crate::instant::{self, Micros};
use crate::store::{IssueId, Result};

/// What events of an issue add up to.
#[derive(Debug, Default)]
pub(super) struct Tally {
    events: i64,
    hours: BTreeMap<i64, i64>,
    days: BTreeMap<i64, i64>,
    users: HashSet<[u8; 16]>,
    tags: BTreeMap<(String, String), Seen>,
    /// Values of a tag that were left out, as there are too many.
    more: HashMap<String, i64>,
    values: HashMap<String, usize>,
    unhandled: bool,
    /// The first and the last event by time.
    first: Option<Described>,
    last: Option<Described>,
    /// Whether the users of some events are not known, as an older version stored them.
    users_unknown: bool,
}

#[derive(Debug, Default)]
struct Seen {
    events: i64,
    first: Micros,
    last: Micros,
}

/// What an event says about its issue.
#[derive(Debug, Clone)]
struct Described {
    at: Micros,
    title: String,
    culprit: String,
    level: String,
    /// Unknown where the body was not kept.
    metadata: Option<String>,
    release: Option<String>,
}

impl Tally {
    /// Adds the events that an issue has in a day's file.
    pub(super) fn read(&mut self, file: &Connection, dictionaries: &Cache, issue: IssueId) -> Result<()> {
        let mut statement = file.prepare_cached(
            "SELECT timestamp, received, user, title, culprit, level, body, dictionary FROM events WHERE issue_id = ?1",
        )?;
        let mut rows = statement.query([issue])?;
        while let Some(row) = rows.next()? {
            let at: Micros = row.get(0)?;
            self.events += 1;
            *self.hours.entry(instant::hour(at)).or_default() += 1;
            *self.days.entry(instant::day(row.get(1)?)).or_default() += 1;
            self.users.extend(row.get::<_, Option<[u8; 16]>>(2)?);
            let body = body_of(file, dictionaries, row.get(6)?, row.get(7)?)?;
            self.unhandled |= is_unhandled(&body);
            self.add_tags(&body, at);
            let described = || -> rusqlite::Result<Described> {
                Ok(Described::new(at, [row.get(3)?, row.get(4)?, row.get(5)?], &body))
            };
            if self.first.as_ref().is_none_or(|first| at < first.at) {
                self.first = Some(described()?);
            }
            if self.last.as_ref().is_none_or(|last| at >= last.at) {
                self.last = Some(described()?);
            }
        }
        Ok(())
    }

    /// Adds users, and the first and the last event, without looking into the others.
    pub(super) fn read_without_tags(
        &mut self,
        file: &Connection,
        dictionaries: &Cache,
        issue: IssueId,
    ) -> Result<()> {
        let mut users =
            file.prepare_cached("SELECT DISTINCT user FROM events WHERE issue_id = ?1 AND user IS NOT NULL")?;
        for user in users.query_map([issue], |row| row.get(0))? {
            self.users.insert(user?);
        }
        let sql = "SELECT 1 FROM events WHERE issue_id = ?1 AND hash IS NULL LIMIT 1";
        self.users_unknown |= file.query_row(sql, [issue], |_| Ok(())).optional()?.is_some();
        for (order, is_first) in [("ASC", true), ("DESC", false)] {
            let sql = format!(
                "SELECT timestamp, title, culprit, level, body, dictionary FROM events WHERE issue_id = ?1 \
                 ORDER BY timestamp {order} LIMIT 1"
            );
            let found = file
                .prepare_cached(&sql)?
                .query_row([issue], |row| {
                    let packed: (Option<Vec<u8>>, i64) = (row.get(4)?, row.get(5)?);
                    Ok((row.get(0)?, [row.get(1)?, row.get(2)?, row.get(3)?], packed))
                })
                .optional()?;
            let Some((at, words, (packed, dictionary))) = found else { continue };
            let described = Described::new(at, words, &body_of(file, dictionaries, packed, dictionary)?);
            if is_first && self.first.as_ref().is_none_or(|first| at < first.at) {
                self.first = Some(described);
            } else if !is_first && self.last.as_ref().is_none_or(|last| at >= last.at) {
                self.last = Some(described);
            }
        }
        Ok(())
    }

    fn add_tags(&mut self, body: &Map<String, Value>, at: Micros) {
        let pairs = body.get("tags").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for pair in pairs {
            let (Some(key), Some(value)) =
                (pair.get(0).and_then(Value::as_str), pair.get(1).and_then(Value::as_str))
            else {
                continue;
            };
            let place = (key.to_owned(), value.to_owned());
            if !self.tags.contains_key(&place) {
                let values = self.values.entry(key.to_owned()).or_default();
                if *values >= MAX_VALUES_PER_TAG {
                    *self.more.entry(key.to_owned()).or_default() += 1;
                    continue;
                }
                *values += 1;
            }
            let seen = self.tags.entry(place).or_insert(Seen { events: 0, first: at, last: at });
            seen.events += 1;
            seen.first = seen.first.min(at);
            seen.last = seen.last.max(at);
        }
    }

    /// How often each tag was there.
    fn tag_totals(&self) -> BTreeMap<&str, i64> {
        let mut totals: BTreeMap<&str, i64> = BTreeMap::new();
        for ((key, _), seen) in &self.tags {
            *totals.entry(key).or_default() += seen.events;
        }
        for (key, events) in &self.more {
            *totals.entry(key).or_default() += events;
        }
        totals
    }

    /// Writes everything to an issue that has nothing yet.
    pub(super) fn add_to(&self, meta: &Connection, issue: IssueId) -> Result<()> {
        for (table, counts) in [("hour", &self.hours), ("day", &self.days)] {
            let mut insert = meta.prepare_cached(&format!(
                "INSERT INTO issue_{table}s (issue_id, {table}, events) VALUES (?1, ?2, ?3)"
            ))?;
            for (at, events) in counts {
                insert.execute(params![issue, at, events])?;
            }
        }
        for user in &self.users {
            meta.prepare_cached("INSERT INTO issue_users (issue_id, user) VALUES (?1, ?2)")?
                .execute(params![issue, user])?;
        }
        for ((key, value), seen) in &self.tags {
            meta.prepare_cached(
                "INSERT INTO issue_tags (issue_id, key, value, events, first_seen, last_seen) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![issue, key, value, seen.events, seen.first, seen.last])?;
        }
        for (key, events) in self.tag_totals() {
            let uniques = self.values.get(key).copied().unwrap_or_default() as i64;
            meta.prepare_cached(
                "INSERT INTO issue_tag_keys (issue_id, key, events, uniques) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![issue, key, events, uniques])?;
        }
        tags::gather(meta, issue)?;
        meta.execute(
            "UPDATE issues SET events = ?2, users = ?3, unhandled = ?4 WHERE id = ?1",
            params![issue, self.events, self.users.len() as i64, self.unhandled],
        )?;
        self.describe(meta, issue)
    }

    /// Takes everything from an issue that keeps the events of `left`.
    pub(super) fn take_from(&self, meta: &Connection, issue: IssueId, left: &Self) -> Result<()> {
        for (table, counts) in [("hour", &self.hours), ("day", &self.days)] {
            let name = format!("issue_{table}s");
            for (at, events) in counts {
                meta.prepare_cached(&format!(
                    "UPDATE {name} SET events = events - ?3 WHERE issue_id = ?1 AND {table} = ?2"
                ))?
                .execute(params![issue, at, events])?;
            }
            meta.execute(&format!("DELETE FROM {name} WHERE issue_id = ?1 AND events <= 0"), [issue])?;
        }
        if !left.users_unknown {
            for user in self.users.difference(&left.users) {
                meta.prepare_cached("DELETE FROM issue_users WHERE issue_id = ?1 AND user = ?2")?
                    .execute(params![issue, user])?;
            }
        }
        tags::spread(meta, issue)?;
        for ((key, value), seen) in &self.tags {
            meta.prepare_cached(
                "UPDATE issue_tags SET events = events - ?4 WHERE issue_id = ?1 AND key = ?2 AND value = ?3",
            )?
            .execute(params![issue, key, value, seen.events])?;
        }
        meta.execute("DELETE FROM issue_tags WHERE issue_id = ?1 AND events <= 0", [issue])?;
        for (key, events) in self.tag_totals() {
            meta.prepare_cached(
                "UPDATE issue_tag_keys SET events = events - ?3, uniques = (SELECT count(*) FROM issue_tags t \
                 WHERE t.issue_id = ?1 AND t.key = ?2) WHERE issue_id = ?1 AND key = ?2",
            )?
            .execute(params![issue, key, events])?;
        }
        meta.execute("DELETE FROM issue_tag_keys WHERE issue_id = ?1 AND events <= 0", [issue])?;
        tags::gather(meta, issue)?;
        meta.execute(
            "UPDATE issues SET events = max(events - ?2, 0), \
             users = (SELECT count(*) FROM issue_users u WHERE u.issue_id = ?1) WHERE id = ?1",
            params![issue, self.events],
        )?;
        left.describe(meta, issue)
    }

    /// Names an issue after its last event.
    fn describe(&self, meta: &Connection, issue: IssueId) -> Result<()> {
        let (Some(first), Some(last)) = (&self.first, &self.last) else { return Ok(()) };
        meta.execute(
            "UPDATE issues SET first_seen = ?2, last_seen = ?3, title = ?4, culprit = ?5, \
             metadata = coalesce(?6, metadata), level = ?7, first_release = coalesce(?8, first_release), \
             last_release = coalesce(?9, last_release) WHERE id = ?1",
            params![
                issue,
                first.at,
                last.at,
                last.title,
                last.culprit,
                last.metadata,
                last.level,
                first.release,
                last.release
            ],
        )?;
        Ok(())
    }
}

impl Described {
    fn new(at: Micros, [title, culprit, level]: [String; 3], body: &Map<String, Value>) -> Self {
        Self {
            at,
            title,
            culprit,
            level,
            metadata: body.get("metadata").map(Value::to_string),
            release: body.get("release").and_then(Value::as_str).map(str::to_owned),
        }
    }
}

fn body_of(
    file: &Connection,
    dictionaries: &Cache,
    packed: Option<Vec<u8>>,
    dictionary: i64,
) -> Result<Map<String, Value>> {
    let body = packed.map(|body| dictionaries.unpack(file, dictionary, &body)).transpose()?;
    Ok(body.and_then(|body| serde_json::from_slice(&body).ok()).unwrap_or_default())
}

fn is_unhandled(body: &Map<String, Value>) -> bool {
    let exceptions = body.get("exception").and_then(|exception| exception.get("values")?.as_array());
    exceptions.into_iter().flatten().any(|exception| {
        exception.get("mechanism").and_then(|mechanism| mechanism.get("handled")?.as_bool()) == Some(false)
    })
}

/// As when a batch is written.
const MAX_VALUES_PER_TAG: usize = 1_000;
