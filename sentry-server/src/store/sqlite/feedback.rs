//! What users wrote.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::days::Days;
use super::{events, page};
use crate::store::{EventKey, FeedbackRow, IssueId, Page, PageRequest, ProjectId, ProjectScope, Result};

const COLUMNS: &str = "seq, project_id, event_id, timestamp, about, name, email, message";

pub(super) fn write(file: &Transaction<'_>, row: &FeedbackRow) -> Result<()> {
    let sql = format!("INSERT OR REPLACE INTO feedback ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    file.prepare_cached(&sql)?.execute(params![
        row.seq as i64,
        row.project,
        row.event_id,
        row.timestamp,
        row.about,
        row.name,
        row.email,
        row.message,
    ])?;
    Ok(())
}

/// Newest first, by place in the spool.
pub(super) fn list(days: &Days, scope: &ProjectScope, request: PageRequest) -> Result<Page<FeedbackRow>> {
    let (start, direction) = page::clause(request, "0", "seq");
    let projects: Vec<String> = scope.ids().iter().map(i64::to_string).collect();
    let sql = format!(
        "SELECT {COLUMNS} FROM feedback WHERE project_id IN ({}) AND {start} ORDER BY seq {direction} LIMIT ?1",
        projects.join(", ")
    );
    let mut newest_first = days.newest_first();
    if direction == "ASC" {
        newest_first.reverse();
    }
    let mut rows = Vec::new();
    for day in newest_first {
        let missing = request.limit + 1 - rows.len();
        let found = days.read(day, |file| read(file, &sql, params![missing as i64]))?;
        rows.extend(found.unwrap_or_default());
        if rows.len() > request.limit {
            break;
        }
    }
    Ok(page::build(rows, request, |row: &FeedbackRow| (0, row.seq as i64)))
}

/// What was written about an event, oldest first.
pub(super) fn about(days: &Days, project: ProjectId, event_id: &EventKey) -> Result<Vec<FeedbackRow>> {
    let sql = format!("SELECT {COLUMNS} FROM feedback WHERE project_id = ?1 AND about = ?2 ORDER BY seq");
    let mut rows = Vec::new();
    for day in days.newest_first().into_iter().rev() {
        let found = days.read(day, |file| read(file, &sql, params![project, event_id]))?;
        rows.extend(found.unwrap_or_default());
    }
    Ok(rows)
}

/// What was written about events of an issue, newest first, of the newest reports of its project.
pub(super) fn about_issue(
    days: &Days,
    meta: &Connection,
    (project, issue): (ProjectId, IssueId),
) -> Result<Vec<FeedbackRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM feedback WHERE project_id = ?1 AND about IS NOT NULL ORDER BY seq DESC LIMIT ?2"
    );
    let (mut rows, mut seen) = (Vec::new(), 0);
    let scope = ProjectScope::new([project]);
    for day in days.newest_first() {
        let found = days.read(day, |file| read(file, &sql, params![project, (MAX_REPORTS - seen) as i64]))?;
        let found = found.unwrap_or_default();
        seen += found.len();
        for row in found {
            let Some(about) = row.about else { continue };
            let Some((day, seq)) = events::place(meta, &scope, &about)? else { continue };
            let own: Option<Option<IssueId>> = days
                .read(day, |file| {
                    let mut find = file.prepare_cached("SELECT issue_id FROM events WHERE seq = ?1")?;
                    Ok(find.query_row([seq], |row| row.get(0)).optional()?)
                })?
                .flatten();
            if own.flatten() == Some(issue) {
                rows.push(row);
            }
        }
        if seen >= MAX_REPORTS {
            break;
        }
    }
    Ok(rows)
}

/// Reports of a project that are looked at for one of its issues.
const MAX_REPORTS: usize = 1_000;

fn read(file: &Connection, sql: &str, parameters: impl rusqlite::Params) -> Result<Vec<FeedbackRow>> {
    let mut statement = file.prepare_cached(sql)?;
    let rows = statement.query_map(parameters, row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn row(row: &Row<'_>) -> rusqlite::Result<FeedbackRow> {
    let seq: i64 = row.get(0)?;
    Ok(FeedbackRow {
        seq: seq as u64,
        project: row.get(1)?,
        event_id: row.get(2)?,
        timestamp: row.get(3)?,
        about: row.get(4)?,
        name: row.get(5)?,
        email: row.get(6)?,
        message: row.get(7)?,
    })
}
