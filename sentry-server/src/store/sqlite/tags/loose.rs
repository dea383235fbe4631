//! Keys of issues that have too many values for a pack: a row for each value, and one with what they add up to.

use std::collections::HashMap;
use std::sync::LazyLock;

use rusqlite::{Connection, ToSql, params};

use super::super::issues;
use super::super::rows::{self, Inserts};
use super::pack::{Seen, Tag};
use crate::store::{IssueId, ProjectScope, Result, TagKey, TagValue};

/// Makes rows of a key that has none. Of its values only so many are kept: a tag that never repeats (a request id) must not grow a
/// row per event.
pub(super) fn set(meta: &Connection, issue: IssueId, of_key: &[Tag<'_>]) -> Result<()> {
    let kept = &of_key[..of_key.len().min(MAX_VALUES_PER_TAG)];
    insert(meta, issue, kept)?;
    let events: i64 = of_key.iter().map(|tag| tag.seen.events).sum();
    meta.prepare_cached(
        "INSERT INTO issue_tag_keys (issue_id, key, events, uniques) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![issue, of_key[0].key, events, kept.len() as i64])?;
    Ok(())
}

/// Adds to a key that has rows; `uniques` is how many.
pub(super) fn add(meta: &Connection, issue: IssueId, of_key: &[Tag<'_>], uniques: i64) -> Result<()> {
    let mut known = meta.prepare_cached(
        "UPDATE issue_tags SET events = events + ?4, first_seen = min(first_seen, ?5), \
         last_seen = max(last_seen, ?6) WHERE issue_id = ?1 AND key = ?2 AND value = ?3",
    )?;
    let mut missing = Vec::new();
    for tag in of_key {
        let (key, value, seen) = (tag.key, tag.value, &tag.seen);
        if known.execute(params![issue, key, value, seen.events, seen.first, seen.last])? == 0 {
            missing.push(*tag);
        }
    }
    let room = MAX_VALUES_PER_TAG.saturating_sub(usize::try_from(uniques).unwrap_or(0));
    missing.truncate(room);
    insert(meta, issue, &missing)?;
    let events: i64 = of_key.iter().map(|tag| tag.seen.events).sum();
    meta.prepare_cached(
        "UPDATE issue_tag_keys SET events = events + ?3, uniques = uniques + ?4 WHERE issue_id = ?1 AND key = ?2",
    )?
    .execute(params![issue, of_key[0].key, events, missing.len() as i64])?;
    Ok(())
}

pub(super) fn remove(meta: &Connection, issue: IssueId, key: &str) -> Result<()> {
    for sql in [
        "DELETE FROM issue_tags WHERE issue_id = ?1 AND key = ?2",
        "DELETE FROM issue_tag_keys WHERE issue_id = ?1 AND key = ?2",
    ] {
        meta.prepare_cached(sql)?.execute(params![issue, key])?;
    }
    Ok(())
}

/// How many values the keys have that are rows.
pub(super) fn totals(meta: &Connection, issue: IssueId) -> Result<HashMap<String, i64>> {
    let mut statement = meta.prepare_cached("SELECT key, uniques FROM issue_tag_keys WHERE issue_id = ?1")?;
    let rows = statement.query_map([issue], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The keys of an issue that are rows, by name, each with its most frequent values.
pub(super) fn list(meta: &Connection, issue: IssueId, top: usize) -> Result<Vec<TagKey>> {
    let mut keys = meta
        .prepare_cached("SELECT key, uniques, events FROM issue_tag_keys WHERE issue_id = ?1 ORDER BY key")?;
    let rows = keys.query_map([issue], |row| {
        Ok(TagKey { key: row.get(0)?, unique: row.get(1)?, total: row.get(2)?, top: Vec::new() })
    })?;
    let mut all = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    for tag in &mut all {
        tag.top = values(meta, issue, &tag.key, top)?;
    }
    Ok(all)
}

/// The most frequent values of a key that is rows.
pub(super) fn values(meta: &Connection, issue: IssueId, key: &str, top: usize) -> Result<Vec<TagValue>> {
    let mut statement = meta.prepare_cached(
        "SELECT value, events, first_seen, last_seen FROM issue_tags WHERE issue_id = ?1 AND key = ?2 \
         ORDER BY events DESC, value LIMIT ?3",
    )?;
    let rows = statement.query_map(params![issue, key, top as i64], |row| {
        Ok(TagValue {
            value: row.get(0)?,
            count: row.get(1)?,
            first_seen: row.get(2)?,
            last_seen: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Tells of each key of each issue how many events had it.
pub(super) fn each_total(
    meta: &Connection,
    scope: &ProjectScope,
    mut see: impl FnMut(String, i64),
) -> Result<()> {
    let sql = format!(
        "SELECT key, sum(events) FROM issue_tag_keys WHERE issue_id IN (SELECT id FROM issues WHERE {}) GROUP BY key",
        issues::in_scope(scope)
    );
    let mut statement = meta.prepare_cached(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        see(row.get(0)?, row.get(1)?);
    }
    Ok(())
}

/// Tells of each value.
pub(super) fn each_value(
    meta: &Connection,
    scope: &ProjectScope,
    mut see: impl FnMut(String, &str),
) -> Result<()> {
    let sql = format!(
        "SELECT key, value FROM issue_tags WHERE issue_id IN (SELECT id FROM issues WHERE {})",
        issues::in_scope(scope)
    );
    let mut statement = meta.prepare_cached(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        see(row.get(0)?, row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?);
    }
    Ok(())
}

/// Tells of each value of a key.
pub(super) fn each_value_of(
    meta: &Connection,
    scope: &ProjectScope,
    key: &str,
    mut see: impl FnMut(&str, Seen),
) -> Result<()> {
    let sql = format!(
        "SELECT value, events, first_seen, last_seen FROM issue_tags WHERE key = ?1 \
         AND issue_id IN (SELECT id FROM issues WHERE {})",
        issues::in_scope(scope)
    );
    let mut statement = meta.prepare_cached(&sql)?;
    let mut rows = statement.query([key])?;
    while let Some(row) = rows.next()? {
        let seen = Seen { events: row.get(1)?, first: row.get(2)?, last: row.get(3)? };
        see(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?, seen);
    }
    Ok(())
}

fn insert(meta: &Connection, issue: IssueId, tags: &[Tag<'_>]) -> Result<()> {
    let rows: Vec<[&dyn ToSql; 6]> = tags
        .iter()
        .map(|tag| -> [&dyn ToSql; 6] {
            [&issue, &tag.key, &tag.value, &tag.seen.events, &tag.seen.first, &tag.seen.last]
        })
        .collect();
    rows::insert(meta, &INSERT, &rows)
}

static INSERT: Inserts = LazyLock::new(|| {
    rows::inserts("OR FAIL INTO issue_tags (issue_id, key, value, events, first_seen, last_seen)", 6)
});

const MAX_VALUES_PER_TAG: usize = 1_000;
