//! Deleting what day files have of issues and projects that are gone.
//!
//! Two files cannot be committed together, so `meta.db` notes first what is to go, with the deletion itself, and forgets
//! the note when a day's file has none of it left. In between, a slice at a time, so that the digest gets its turn: the
//! ids of events lose their places, then the rows go. Each step can be repeated.
//!
//! Rows are overwritten with zeros, not only unlinked. The room that they leave is used by what the file takes in later.
//! What many events share stays until its day goes: dictionaries and contribution trees.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::Writer;
use super::days::Days;
use crate::store::{EventKey, IssueId, ProjectId, Result};

/// Notes, within a deletion, that the events of an issue are to go. Call it before its counts are forgotten.
pub(super) fn note_issue(meta: &Connection, project: ProjectId, issue: IssueId) -> Result<()> {
    meta.prepare_cached(
        "INSERT INTO removals (project_id, issue_id, day) SELECT ?1, issue_id, day FROM issue_days WHERE issue_id = ?2",
    )?
    .execute([project, issue])?;
    Ok(())
}

/// The same for all that there is of a project, on these days.
pub(super) fn note_project(meta: &Connection, project: ProjectId, days: &[i64]) -> Result<()> {
    let mut insert = meta.prepare_cached("INSERT INTO removals (project_id, day) VALUES (?1, ?2)")?;
    for day in days {
        insert.execute([project, *day])?;
    }
    Ok(())
}

/// Projects that were deleted: what was accepted for them and not yet stored goes nowhere.
pub(super) fn gone_projects(meta: &Connection) -> Result<HashSet<ProjectId>> {
    let mut statement = meta.prepare_cached("SELECT id FROM gone_projects")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One slice of what was noted; returns whether there is more. `issues_only` leaves whole projects for another time.
pub(super) fn slice(writer: &mut Writer, days: &Days, issues_only: bool) -> Result<bool> {
    let sql = "SELECT id, project_id, issue_id, day FROM removals WHERE issue_id IS NOT NULL OR NOT ?1 \
               ORDER BY issue_id IS NULL, id LIMIT 1";
    let next = |row: &Row<'_>| {
        Ok(Removal { id: row.get(0)?, project: row.get(1)?, issue: row.get(2)?, day: row.get(3)? })
    };
    let next = writer.meta.prepare_cached(sql)?.query_row([issues_only], next).optional()?;
    let Some(removal) = next else { return Ok(false) };
    let is_there = days.newest_first().contains(&removal.day);
    let is_done = match (is_there, removal.issue) {
        (false, _) => true,
        (true, Some(issue)) => of_issue(writer, days, &removal, issue)?,
        (true, None) => of_project(writer, days, &removal)?,
    };
    if is_done {
        let sql = "SELECT count(*) FROM removals WHERE day = ?1";
        let left: i64 = writer.meta.prepare_cached(sql)?.query_row([removal.day], |row| row.get(0))?;
        if is_there && left == 1 {
            // The log beside the file has copies of pages as they were.
            let file = &days.writer(&mut writer.days, removal.day)?.file;
            file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        }
        writer.meta.prepare_cached("DELETE FROM removals WHERE id = ?1")?.execute([removal.id])?;
    }
    Ok(true)
}

struct Removal {
    id: i64,
    project: ProjectId,
    issue: Option<IssueId>,
    day: i64,
}

/// Events of one issue with their attachments and what users reported about them; true when the day has no more.
fn of_issue(writer: &mut Writer, days: &Days, removal: &Removal, issue: IssueId) -> Result<bool> {
    let events: Vec<(i64, EventKey)> = {
        let file = &days.writer(&mut writer.days, removal.day)?.file;
        let mut find =
            file.prepare_cached("SELECT seq, event_id FROM events WHERE issue_id = ?1 LIMIT ?2")?;
        let rows = find.query_map(params![issue, SLICE], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<rusqlite::Result<_>>()?
    };
    let transaction = writer.meta.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        // The id stays, so that a second copy of the event does not bring the issue back.
        let mut unplace = transaction.prepare_cached(
            "UPDATE event_keys SET seq = -1 WHERE project_id = ?1 AND event_id = ?2 AND seq = ?3",
        )?;
        for (seq, event_id) in &events {
            unplace.execute(params![removal.project, event_id, seq])?;
        }
    }
    transaction.commit()?;
    // What belongs to an event came with it or later; around midnight, a little before it.
    for day in days.newest_first().into_iter().filter(|day| *day >= removal.day - 1) {
        let items = days.read(day, |file| companions(file, removal.project, &events))?.unwrap_or_default();
        let own: &[(i64, EventKey)] = if day == removal.day { &events } else { &[] };
        if items.is_empty() && own.is_empty() {
            continue;
        }
        zeroing(&mut days.writer(&mut writer.days, day)?.file, |file| {
            let mut delete = file.prepare_cached("DELETE FROM items WHERE seq = ?1")?;
            for seq in &items {
                delete.execute([seq])?;
            }
            let mut delete = file.prepare_cached("DELETE FROM events WHERE seq = ?1")?;
            for (seq, _) in own {
                delete.execute([seq])?;
            }
            Ok(())
        })?;
    }
    Ok((events.len() as i64) < SLICE)
}

/// Items of a day that belong to events. A container of spans or logs that came in the same envelope does not.
fn companions(file: &Connection, project: ProjectId, events: &[(i64, EventKey)]) -> Result<Vec<i64>> {
    let mut find = file.prepare_cached(
        "SELECT seq FROM items WHERE project_id = ?1 AND event_id = ?2 AND kind IN ('attachment', 'form_data', 'profile', \
         'unreal_report', 'user_report')",
    )?;
    let mut all = Vec::new();
    for (_, event_id) in events {
        for seq in find.query_map(params![project, event_id], |row| row.get(0))? {
            all.push(seq?);
        }
    }
    Ok(all)
}

/// Rows of all kinds; true when the day has no more.
fn of_project(writer: &mut Writer, days: &Days, removal: &Removal) -> Result<bool> {
    zeroing(&mut days.writer(&mut writer.days, removal.day)?.file, |file| {
        let mut deleted = 0;
        for table in ["events", "items", "feedback"] {
            let sql = format!(
                "DELETE FROM {table} WHERE seq IN (SELECT seq FROM {table} WHERE project_id = ?1 LIMIT ?2)"
            );
            deleted += file.prepare_cached(&sql)?.execute(params![removal.project, SLICE])?;
        }
        for table in ["spans", "logs", "metrics", "profiles"] {
            let sql = format!(
                "DELETE FROM {table} WHERE (item, place) IN \
                 (SELECT item, place FROM {table} WHERE project_id = ?1 LIMIT ?2)"
            );
            deleted += file.prepare_cached(&sql)?.execute(params![removal.project, SLICE * 4])?;
        }
        Ok(deleted == 0)
    })
}

/// One transaction that overwrites what it deletes.
fn zeroing<T>(file: &mut Connection, change: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
    file.query_row("PRAGMA secure_delete = ON", [], |_| Ok(()))?;
    let done = (|| {
        let transaction = file.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let answer = change(&transaction)?;
        transaction.commit()?;
        Ok(answer)
    })();
    file.query_row("PRAGMA secure_delete = OFF", [], |_| Ok(()))?;
    done
}

/// Events that go at a time.
const SLICE: i64 = 500;
