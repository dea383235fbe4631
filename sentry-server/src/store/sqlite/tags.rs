//! Tags of issues: how often each value came, and what all values of a key add up to.
//!
//! `issue_tag_keys` has totals of a key from its second value on; until then they are those of the value. Most keys of an
//! issue have one.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use rusqlite::{Connection, ToSql, params};

use super::rows::{self, Inserts};
use crate::instant::Micros;
use crate::store::{IssueId, Result, TagKey, TagValue};

/// Events that had a tag.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) events: i64,
    pub(super) first: Micros,
    pub(super) last: Micros,
}

/// Values by key, in the order of the table, so that one row is beside the other.
pub(super) type ByKey<'a> = BTreeMap<&'a str, BTreeMap<&'a str, &'a Seen>>;

/// The tags of an issue that has none yet.
pub(super) fn set(meta: &Connection, issue: IssueId, by_key: &ByKey<'_>) -> Result<()> {
    let mut tags: Vec<[&dyn ToSql; 6]> = Vec::with_capacity(by_key.len());
    let mut totals = Vec::new();
    for (key, values) in by_key {
        for (value, seen) in values.iter().take(MAX_VALUES_PER_TAG as usize) {
            tags.push([&issue, key, value, &seen.events, &seen.first, &seen.last]);
        }
        if values.len() > 1 {
            let events: i64 = values.values().map(|seen| seen.events).sum();
            totals.push((key, events, (values.len() as i64).min(MAX_VALUES_PER_TAG)));
        }
    }
    let totals: Vec<[&dyn ToSql; 4]> = totals
        .iter()
        .map(|(key, events, uniques)| -> [&dyn ToSql; 4] { [&issue, key, events, uniques] })
        .collect();
    rows::insert(meta, &INSERT_TAGS, &tags)?;
    rows::insert(meta, &INSERT_TOTALS, &totals)
}

/// Adds to the tags of an issue.
pub(super) fn add(meta: &Connection, issue: IssueId, by_key: &ByKey<'_>) -> Result<()> {
    let totals = totals(meta, issue)?;
    let mut known = meta.prepare_cached(
        "UPDATE issue_tags SET events = events + ?4, first_seen = min(first_seen, ?5), \
         last_seen = max(last_seen, ?6) WHERE issue_id = ?1 AND key = ?2 AND value = ?3",
    )?;
    for (key, values) in by_key {
        let mut events = 0;
        let mut missing = Vec::new();
        for (value, seen) in values {
            events += seen.events;
            if known.execute(params![issue, key, value, seen.events, seen.first, seen.last])? == 0 {
                missing.push((*value, *seen));
            }
        }
        let before = totals.get(*key).copied();
        if before.is_some() || !missing.is_empty() {
            add_values(meta, (issue, *key), events, before, &missing)?;
        }
    }
    Ok(())
}

/// Adds values that a key did not have, of which only so many are kept: a tag that never repeats (a request id) must not grow
/// a row per event. `events` are those of all values, `before` is how many values there were, if the key has totals.
fn add_values(
    meta: &Connection,
    (issue, key): (IssueId, &str),
    events: i64,
    before: Option<i64>,
    missing: &[(&str, &Seen)],
) -> Result<()> {
    // The only value, if there is one, has counted its part of the batch by now.
    let (uniques, counted): (i64, i64) = match before {
        Some(uniques) => (uniques, 0),
        None => meta
            .prepare_cached(
                "SELECT count(*), coalesce(sum(events), 0) FROM issue_tags WHERE issue_id = ?1 AND key = ?2",
            )?
            .query_row(params![issue, key], |row| Ok((row.get(0)?, row.get(1)?)))?,
    };
    let room = usize::try_from(MAX_VALUES_PER_TAG - uniques).unwrap_or(0);
    let fresh = &missing[..missing.len().min(room)];
    if !fresh.is_empty() {
        let mut insert = meta.prepare_cached(
            "INSERT INTO issue_tags (issue_id, key, value, events, first_seen, last_seen) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        for (value, seen) in fresh {
            insert.execute(params![issue, key, value, seen.events, seen.first, seen.last])?;
        }
    }
    let uniques = uniques + fresh.len() as i64;
    if before.is_some() {
        meta.prepare_cached(
            "UPDATE issue_tag_keys SET events = events + ?3, uniques = ?4 WHERE issue_id = ?1 AND key = ?2",
        )?
        .execute(params![issue, key, events, uniques])?;
    } else if uniques > 1 {
        let events = counted + missing.iter().map(|(_, seen)| seen.events).sum::<i64>();
        meta.prepare_cached(
            "INSERT INTO issue_tag_keys (issue_id, key, events, uniques) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![issue, key, events, uniques])?;
    }
    Ok(())
}

/// How many values the keys have that have totals.
fn totals(meta: &Connection, issue: IssueId) -> Result<HashMap<String, i64>> {
    let mut statement = meta.prepare_cached("SELECT key, uniques FROM issue_tag_keys WHERE issue_id = ?1")?;
    let rows = statement.query_map([issue], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Gives every key of an issue totals of its own.
pub(super) fn complete(meta: &Connection, issue: IssueId) -> Result<()> {
    meta.prepare_cached(
        "INSERT OR IGNORE INTO issue_tag_keys (issue_id, key, events, uniques) \
         SELECT issue_id, key, sum(events), count(*) FROM issue_tags WHERE issue_id = ?1 GROUP BY key",
    )?
    .execute([issue])?;
    Ok(())
}

/// The tags of an issue by key, each with its most frequent values.
pub(super) fn list(meta: &Connection, issue: IssueId, top: usize) -> Result<Vec<TagKey>> {
    // From one key to the next, past its values.
    let mut keys = meta.prepare_cached(
        "WITH RECURSIVE own (key) AS ( \
         SELECT min(key) FROM issue_tags WHERE issue_id = ?1 UNION ALL \
         SELECT (SELECT min(t.key) FROM issue_tags t WHERE t.issue_id = ?1 AND t.key > own.key) FROM own \
         WHERE own.key IS NOT NULL) \
         SELECT own.key, coalesce(k.uniques, 1), \
         coalesce(k.events, (SELECT t.events FROM issue_tags t WHERE t.issue_id = ?1 AND t.key = own.key)) \
         FROM own LEFT JOIN issue_tag_keys k ON k.issue_id = ?1 AND k.key = own.key \
         WHERE own.key IS NOT NULL ORDER BY own.key",
    )?;
    let mut values = meta.prepare_cached(
        "SELECT value, events, first_seen, last_seen FROM issue_tags WHERE issue_id = ?1 AND key = ?2 \
         ORDER BY events DESC, value LIMIT ?3",
    )?;
    let rows = keys.query_map([issue], |row| {
        Ok(TagKey { key: row.get(0)?, unique: row.get(1)?, total: row.get(2)?, top: Vec::new() })
    })?;
    let mut all = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    for tag in &mut all {
        let rows = values.query_map(params![issue, tag.key, top as i64], |row| {
            Ok(TagValue {
                value: row.get(0)?,
                count: row.get(1)?,
                first_seen: row.get(2)?,
                last_seen: row.get(3)?,
            })
        })?;
        tag.top = rows.collect::<rusqlite::Result<_>>()?;
    }
    Ok(all)
}

static INSERT_TAGS: Inserts = LazyLock::new(|| {
    rows::inserts("OR FAIL INTO issue_tags (issue_id, key, value, events, first_seen, last_seen)", 6)
});
static INSERT_TOTALS: Inserts =
    LazyLock::new(|| rows::inserts("OR FAIL INTO issue_tag_keys (issue_id, key, events, uniques)", 4));

const MAX_VALUES_PER_TAG: i64 = 1_000;
