//! Looking whether a data folder is sound: each file by itself, and the files against one another.

use std::collections::HashSet;

use rusqlite::Connection;

use super::SqliteStore;
use crate::store::{Checked, EventKey, Result};

/// Everything that is looked at, with what is wrong in words.
pub(super) fn all(store: &SqliteStore) -> Result<Checked> {
    let mut checked = Checked::default();
    store.read_meta(|meta| {
        integrity(meta, "meta.db", &mut checked)?;
        counts(meta, &mut checked)
    })?;
    let gone = store.read_meta(super::removal::gone_projects)?;
    for day in store.days.newest_first() {
        let name = format!("events-{}.db", crate::instant::day_name(day));
        let keys: HashSet<(i64, EventKey, i64)> = store.read_meta(|meta| {
            let mut statement =
                meta.prepare("SELECT project_id, event_id, seq FROM event_keys WHERE day = ?1 AND seq >= 0")?;
            let rows = statement.query_map([day], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })?;
        let found = store.days.read(day, |file| {
            integrity(file, &name, &mut checked)?;
            let mut statement = file.prepare("SELECT project_id, event_id, seq FROM events")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            Ok(rows.collect::<rusqlite::Result<HashSet<_>>>()?)
        })?;
        let mut found = found.unwrap_or_default();
        // Of a project that is gone, on their way out.
        found.retain(|(project, _, _)| !gone.contains(project));
        let missing = keys.difference(&found).count();
        if missing > 0 {
            checked.problems.push(format!("{name}: {missing} events are counted and not there"));
        }
        checked.days += 1;
        checked.events += keys.len() as u64 - missing as u64;
        // Written before a crash and not yet counted: the spool has them, and the next start counts them.
        checked.uncounted += found.difference(&keys).count() as u64;
    }
    Ok(checked)
}

fn integrity(file: &Connection, name: &str, checked: &mut Checked) -> Result<()> {
    let mut statement = file.prepare("PRAGMA integrity_check(20)")?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
    for line in lines {
        match line {
            Ok(line) if line == "ok" => {}
            Ok(line) => checked.problems.push(format!("{name}: {line}")),
            Err(error) => checked.problems.push(format!("{name}: {error}")),
        }
    }
    Ok(())
}

/// Counters against one another.
fn counts(meta: &Connection, checked: &mut Checked) -> Result<()> {
    let questions = [
        (
            "issues whose project is gone",
            "SELECT count(*) FROM issues WHERE project_id NOT IN (SELECT id FROM projects)",
        ),
        (
            "hashes that lead to no issue",
            "SELECT count(*) FROM issue_hashes WHERE issue_id NOT IN (SELECT id FROM issues)",
        ),
        (
            "bands of hashes that are gone",
            "SELECT count(*) FROM hash_bands b WHERE NOT EXISTS (SELECT 1 FROM issue_hashes h \
             WHERE h.project_id = b.project_id AND h.hash = b.hash)",
        ),
        (
            "tags of issues that are gone",
            "SELECT count(*) FROM issue_tag_packs WHERE issue_id NOT IN (SELECT id FROM issues)",
        ),
        (
            "sessions that are counted below zero",
            "SELECT count(*) FROM session_hours WHERE min(total, errored, abnormal, crashed) < 0",
        ),
        (
            "check-ins of no monitor",
            "SELECT count(*) FROM check_ins WHERE monitor_id NOT IN (SELECT id FROM monitors)",
        ),
    ];
    for (what, sql) in questions {
        let found: i64 = meta.query_row(sql, [], |row| row.get(0))?;
        if found > 0 {
            checked.problems.push(format!("meta.db: {found} {what}"));
        }
    }
    Ok(())
}
