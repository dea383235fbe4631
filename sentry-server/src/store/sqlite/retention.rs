//! Forgetting: day files that are too old or too much, and what `meta.db` knows about them.

use rusqlite::{Connection, params};

use super::Writer;
use super::days::Days;
use super::forget;
use crate::instant::{self, DAY, Micros};
use crate::store::{Expired, Result, Retention};

/// Days that have to go, oldest first: those before the retention, then as many as it takes to fit the cap. Today stays.
pub(super) fn doomed(days: &Days, retention: &Retention, now: Micros) -> Result<Vec<i64>> {
    let today = instant::day(now);
    let mut all = days.newest_first();
    all.reverse();
    let mut sizes = Vec::with_capacity(all.len());
    for day in all {
        sizes.push((day, days.bytes(day)?));
    }
    let mut total: u64 = sizes.iter().map(|(_, bytes)| bytes).sum();
    let mut doomed = Vec::new();
    for (day, bytes) in sizes {
        let is_old = day < today - i64::from(retention.days);
        let is_too_much = retention.max_bytes.is_some_and(|max| total > max);
        if day >= today || !(is_old || is_too_much) {
            break;
        }
        total -= bytes;
        doomed.push(day);
    }
    Ok(doomed)
}

/// Deletes the files. A row of `meta.db` that still points to one leads nowhere, and goes with [`forget`].
pub(super) fn drop_days(writer: &mut Writer, days: &Days, doomed: &[i64]) -> Result<Expired> {
    let mut expired = Expired::default();
    for day in doomed {
        expired.bytes += days.remove(&mut writer.days, *day)?;
        expired.days += 1;
    }
    Ok(expired)
}

/// One slice of the deletions in `meta.db`; returns whether there is more. Each is one short transaction, so that the
/// digest gets its turn in between.
pub(super) fn forget(meta: &Connection, retention: &Retention, now: Micros, slice: u16) -> Result<bool> {
    let today = instant::day(now);
    let oldest = today - i64::from(retention.days);
    if slice < 256 {
        // Copies are recognised for longer than clients keep what they could not send.
        let keys = oldest.min(today - DUPLICATE_DAYS);
        let first = slice as u8;
        let mut projects = meta.prepare_cached("SELECT id FROM projects")?;
        let projects = projects.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
        let mut delete = meta.prepare_cached(
            "DELETE FROM event_keys WHERE project_id = ?1 AND event_id >= ?2 AND event_id <= ?3 AND day < ?4",
        )?;
        let (mut low, mut high) = ([0; 16], [0xFF; 16]);
        (low[0], high[0]) = (first, first);
        for project in projects {
            delete.execute(params![project, low, high, keys])?;
        }
        return Ok(true);
    }
    let hour = oldest * 24;
    let since = oldest * DAY;
    let sqls: [(&str, i64); 8] = [
        ("DELETE FROM outcomes WHERE hour < ?1", hour),
        ("DELETE FROM session_hours WHERE hour < ?1", hour),
        ("DELETE FROM session_users WHERE day < ?1", oldest),
        ("DELETE FROM session_states WHERE started < ?1", now - SESSION_DAYS * DAY),
        ("DELETE FROM check_ins WHERE started < ?1", since),
        ("DELETE FROM replays WHERE finished < ?1", since),
        ("DELETE FROM issue_hours WHERE hour < ?1", hour),
        ("DELETE FROM issue_days WHERE day < ?1", oldest),
    ];
    if let Some((sql, bound)) = sqls.get(usize::from(slice - 256)) {
        meta.execute(sql, [bound])?;
        return Ok(true);
    }
    forget_issues(meta, since)
}

/// Issues that were not seen for as long as events are kept; at most a few hundred at a time.
fn forget_issues(meta: &Connection, since: Micros) -> Result<bool> {
    let mut find = meta.prepare_cached("SELECT id FROM issues WHERE last_seen < ?1 LIMIT ?2")?;
    let found = find.query_map(params![since, ISSUES_AT_A_TIME], |row| row.get(0))?;
    let issues = found.collect::<rusqlite::Result<Vec<i64>>>()?;
    for id in &issues {
        forget::issue(meta, *id)?;
    }
    Ok(issues.len() as i64 == ISSUES_AT_A_TIME)
}

const DUPLICATE_DAYS: i64 = 21;
/// A day longer than updates of a session are taken.
const SESSION_DAYS: i64 = 6;
const ISSUES_AT_A_TIME: i64 = 200;
