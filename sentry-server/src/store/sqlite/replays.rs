//! Replays: one row per replay, put together from what its pieces say.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Value, json};

use super::page;
use crate::store::{EventKey, NewReplay, Page, PageRequest, ProjectScope, Replay, Result};

const COLUMNS: &str = "id, project_id, replay, started, finished, segments, kind, platform, release, environment, \
                       user, urls, errors, traces";

/// Adds what a piece says. Saying it again changes nothing.
pub(super) fn add(meta: &Connection, piece: &NewReplay) -> Result<()> {
    let sql = "SELECT urls, errors, traces FROM replays WHERE project_id = ?1 AND replay = ?2";
    let known: Option<[String; 3]> = meta
        .prepare_cached(sql)?
        .query_row(params![piece.project, piece.replay], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))
        .optional()?;
    let [urls, errors, traces] = known.unwrap_or_default();
    meta.prepare_cached(
        "INSERT INTO replays (project_id, replay, started, finished, segments, kind, platform, release, environment, \
         user, urls, errors, traces) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) \
         ON CONFLICT (project_id, replay) DO UPDATE SET started = min(started, excluded.started), \
         finished = max(finished, excluded.finished), segments = max(segments, excluded.segments), \
         release = coalesce(excluded.release, release), environment = coalesce(excluded.environment, environment), \
         user = coalesce(excluded.user, user), urls = excluded.urls, errors = excluded.errors, \
         traces = excluded.traces",
    )?
    .execute(params![
        piece.project,
        piece.replay,
        piece.started,
        piece.finished,
        i64::from(piece.segment) + 1,
        piece.kind,
        piece.platform,
        piece.release,
        piece.environment,
        piece.user,
        joined(&urls, &piece.urls),
        joined(&errors, &piece.errors),
        joined(&traces, &piece.traces),
    ])?;
    Ok(())
}

pub(super) fn list(meta: &Connection, scope: &ProjectScope, request: PageRequest) -> Result<Page<Replay>> {
    let (start, direction) = page::clause(request, "started", "id");
    let projects: Vec<String> = scope.ids().iter().map(i64::to_string).collect();
    let sql = format!(
        "SELECT {COLUMNS} FROM replays WHERE project_id IN ({}) AND {start} \
         ORDER BY started {direction}, id {direction} LIMIT ?1",
        projects.join(", ")
    );
    let mut statement = meta.prepare_cached(&sql)?;
    let rows =
        statement.query_map([(request.limit + 1) as i64], row)?.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(page::build(rows, request, |replay| (replay.started, replay.row)))
}

pub(super) fn by_id(meta: &Connection, scope: &ProjectScope, replay: &EventKey) -> Result<Option<Replay>> {
    let sql = format!("SELECT {COLUMNS} FROM replays WHERE project_id = ?1 AND replay = ?2");
    let mut statement = meta.prepare_cached(&sql)?;
    for project in scope.ids() {
        let found = statement.query_row(params![project, replay], row).optional()?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

fn row(row: &Row<'_>) -> rusqlite::Result<Replay> {
    let json = |at: usize| -> rusqlite::Result<Value> {
        let text: Option<String> = row.get(at)?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    };
    Ok(Replay {
        row: row.get(0)?,
        project: row.get(1)?,
        replay: row.get(2)?,
        started: row.get(3)?,
        finished: row.get(4)?,
        segments: row.get(5)?,
        kind: row.get(6)?,
        platform: row.get(7)?,
        release: row.get(8)?,
        environment: row.get(9)?,
        user: json(10)?,
        urls: json(11)?,
        errors: json(12)?,
        traces: json(13)?,
    })
}

/// A JSON list of texts with those that are new at its end, bounded.
fn joined(known: &str, more: &[String]) -> String {
    let mut list: Vec<String> = serde_json::from_str(known).unwrap_or_default();
    for text in more {
        if list.len() < MAX_LIST && !list.contains(text) {
            list.push(text.clone());
        }
    }
    json!(list).to_string()
}

const MAX_LIST: usize = 100;
