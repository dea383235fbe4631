//! Events and kept items, read from the day files.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::days::Days;
use super::page;
use crate::instant;
use crate::store::dictionary::unpacked;
use crate::store::{
    EventKey, IssueId, Neighbours, Page, PageRequest, Place, ProjectId, ProjectScope, Result, StoreError,
    StoredEvent, StoredItem,
};

const COLUMNS: &str = "seq, project_id, issue_id, event_id, kind, received, timestamp, title, culprit, level, size_bytes, body, dictionary";

/// Whose events a list holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Of {
    Issue(IssueId),
    Project(ProjectId),
}

/// The day and row of an event.
pub(super) fn place(
    meta: &Connection,
    scope: &ProjectScope,
    event_id: &EventKey,
) -> Result<Option<(i64, i64)>> {
    let mut statement = meta.prepare_cached(
        "SELECT day, seq FROM event_keys WHERE project_id = ?1 AND event_id = ?2 AND seq >= 0",
    )?;
    for project in scope.ids() {
        let found = statement
            .query_row(params![project, event_id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Days on which an issue got events, newest first.
pub(super) fn issue_days(meta: &Connection, issue: IssueId) -> Result<Vec<i64>> {
    let mut statement =
        meta.prepare_cached("SELECT day FROM issue_days WHERE issue_id = ?1 ORDER BY day DESC")?;
    let rows = statement.query_map([issue], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn by_seq(days: &Days, file: &Connection, seq: i64) -> Result<Option<StoredEvent>> {
    let sql = format!("SELECT {COLUMNS} FROM events WHERE seq = ?1");
    let row = file.prepare_cached(&sql)?.query_row([seq], event).optional()?;
    row.map(|row| unpack(days, file, row)).transpose()
}

/// `newest_first` are the days to look into; rows are ordered by their place in the spool.
pub(super) fn list(
    days: &Days,
    newest_first: &[i64],
    of: Of,
    request: PageRequest,
) -> Result<Page<StoredEvent>> {
    let (start, direction) = page::clause(request, "0", "seq");
    let (column, id) = match of {
        Of::Issue(id) => ("issue_id", id),
        Of::Project(id) => ("project_id", id),
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM events WHERE {column} = ?1 AND {start} ORDER BY seq {direction} LIMIT ?2"
    );
    let mut rows = Vec::new();
    let mut visit = |day: i64| -> Result<bool> {
        let missing = request.limit + 1 - rows.len();
        days.read(day, |file| {
            let mut statement = file.prepare_cached(&sql)?;
            for row in statement.query_map(params![id, missing as i64], event)? {
                rows.push(unpack(days, file, row?)?);
            }
            Ok(())
        })?;
        Ok(rows.len() > request.limit)
    };
    if direction == "DESC" {
        for day in newest_first {
            if visit(*day)? {
                break;
            }
        }
    } else {
        for day in newest_first.iter().rev() {
            if visit(*day)? {
                break;
            }
        }
    }
    Ok(page::build(rows, request, |event| (0, event.seq)))
}

pub(super) fn newest_whole(days: &Days, newest_first: &[i64], issue: IssueId) -> Result<Option<StoredEvent>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM events WHERE issue_id = ?1 AND body IS NOT NULL ORDER BY seq DESC LIMIT 1"
    );
    for day in newest_first {
        let found = days.read(*day, |file| {
            let row = file.prepare_cached(&sql)?.query_row([issue], event).optional()?;
            row.map(|row| unpack(days, file, row)).transpose()
        })?;
        if let Some(found) = found.flatten() {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

pub(super) fn neighbours(
    days: &Days,
    newest_first: &[i64],
    issue: IssueId,
    event: &StoredEvent,
) -> Result<Neighbours> {
    let own = instant::day(event.received);
    let find = |day: i64, older: bool| -> Result<Option<EventKey>> {
        let sql = if older {
            "SELECT event_id FROM events WHERE issue_id = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT 1"
        } else {
            "SELECT event_id FROM events WHERE issue_id = ?1 AND seq > ?2 ORDER BY seq LIMIT 1"
        };
        let found = days.read(day, |file| {
            let mut statement = file.prepare_cached(sql)?;
            Ok(statement.query_row(params![issue, event.seq], |row| row.get(0)).optional()?)
        })?;
        Ok(found.flatten())
    };
    let mut answer = Neighbours::default();
    for day in newest_first.iter().copied().filter(|day| *day <= own) {
        answer.previous = find(day, true)?;
        if answer.previous.is_some() {
            break;
        }
    }
    for day in newest_first.iter().rev().copied().filter(|day| *day >= own) {
        answer.next = find(day, false)?;
        if answer.next.is_some() {
            break;
        }
    }
    Ok(answer)
}

pub(super) fn items(days: &Days, project: ProjectId, event_id: &EventKey) -> Result<Vec<StoredItem>> {
    let mut all = Vec::new();
    for day in days.newest_first() {
        days.read(day, |file| {
            let mut statement = file.prepare_cached(
                "SELECT seq, kind, received, header, size_bytes FROM items \
                 WHERE project_id = ?1 AND event_id = ?2 ORDER BY seq",
            )?;
            let rows = statement.query_map(params![project, event_id], |row| {
                let header: String = row.get(3)?;
                Ok(StoredItem {
                    seq: row.get(0)?,
                    kind: row.get(1)?,
                    received: row.get(2)?,
                    header: serde_json::from_str(&header).unwrap_or_default(),
                    size_bytes: row.get(4)?,
                })
            })?;
            for row in rows {
                all.push(row?);
            }
            Ok(())
        })?;
    }
    Ok(all)
}

pub(super) fn item_body(
    days: &Days,
    project: ProjectId,
    event_id: &EventKey,
    seq: i64,
) -> Result<Option<Vec<u8>>> {
    for day in days.newest_first() {
        let body: Option<Vec<u8>> = days
            .read(day, |file| {
                let mut statement = file.prepare_cached(
                    "SELECT body FROM items WHERE seq = ?1 AND project_id = ?2 AND event_id = ?3",
                )?;
                Ok(statement.query_row(params![seq, project, event_id], |row| row.get(0)).optional()?)
            })?
            .flatten();
        if let Some(body) = body {
            return inflate(&body).map(Some);
        }
    }
    Ok(None)
}

/// What a row of telemetry is from: an event's body or an item's payload.
pub(super) fn source(days: &Days, scope: &ProjectScope, place: Place) -> Result<Option<Vec<u8>>> {
    for day in days.newest_first() {
        let found: Option<Option<Vec<u8>>> = days
            .read(day, |file| {
                let mut statement = file.prepare_cached(
                    "SELECT project_id, body, 0 FROM items WHERE seq = ?1 \
                     UNION ALL SELECT project_id, body, dictionary FROM events WHERE seq = ?1",
                )?;
                let row: Option<(ProjectId, Option<Vec<u8>>, i64)> = statement
                    .query_row([place.item as i64], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                    .optional()?;
                row.map(|(project, body, dictionary)| {
                    let body = body.filter(|_| scope.ids().contains(&project));
                    body.map(|body| days.dictionaries.unpack(file, dictionary, &body)).transpose()
                })
                .transpose()
            })?
            .flatten();
        if let Some(body) = found {
            return Ok(body);
        }
    }
    Ok(None)
}

/// The body as it lies in the file, and the number of its dictionary.
fn event(row: &Row<'_>) -> rusqlite::Result<(StoredEvent, i64)> {
    let event = StoredEvent {
        seq: row.get(0)?,
        project: row.get(1)?,
        issue: row.get(2)?,
        event_id: row.get(3)?,
        kind: row.get(4)?,
        received: row.get(5)?,
        timestamp: row.get(6)?,
        title: row.get(7)?,
        culprit: row.get(8)?,
        level: row.get(9)?,
        size_bytes: row.get(10)?,
        body: row.get(11)?,
    };
    Ok((event, row.get(12)?))
}

fn unpack(
    days: &Days,
    file: &Connection,
    (mut event, dictionary): (StoredEvent, i64),
) -> Result<StoredEvent> {
    let body = event.body.map(|body| days.dictionaries.unpack(file, dictionary, &body));
    event.body = body.transpose()?;
    Ok(event)
}

fn inflate(body: &[u8]) -> Result<Vec<u8>> {
    unpacked(body, None).map_err(|error| StoreError::new("stored body", error))
}
