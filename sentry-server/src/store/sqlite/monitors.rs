//! Monitors and their check-ins.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{SqliteStore, page, watch};
use crate::instant::Micros;
use crate::store::{
    CheckInCount, CheckInRow, Monitor, MonitorId, Monitors, NewCheckIn, Page, PageRequest, ProjectId,
    ProjectScope, Result,
};

impl Monitors for SqliteStore {
    fn monitors(&self, scope: &ProjectScope) -> Result<Vec<Monitor>> {
        self.read_meta(|meta| list(meta, scope))
    }

    fn monitor(&self, project: ProjectId, slug: &str) -> Result<Option<Monitor>> {
        self.read_meta(|meta| by_slug(meta, project, slug))
    }

    fn check_ins(&self, monitor: MonitorId, page: PageRequest) -> Result<Page<CheckInRow>> {
        self.read_meta(|meta| check_ins(meta, monitor, page))
    }

    fn count_check_ins(
        &self,
        monitor: MonitorId,
        (since, until): (Micros, Micros),
        piece: Micros,
        environments: &[String],
    ) -> Result<Vec<CheckInCount>> {
        let wanted = serde_json::to_string(environments).unwrap_or_default();
        self.read_meta(|meta| {
            let mut statement = meta.prepare_cached(
                "SELECT (started - ?2) / ?4, status, count(*), count(duration), coalesce(sum(duration), 0) FROM check_ins \
                 WHERE monitor_id = ?1 AND started >= ?2 AND started < ?3 \
                 AND (?5 = '[]' OR environment IN (SELECT value FROM json_each(?5))) GROUP BY 1, 2",
            )?;
            let rows = statement.query_map(params![monitor, since, until, piece, wanted], |row| {
                Ok(CheckInCount {
                    piece: row.get(0)?,
                    status: row.get(1)?,
                    runs: row.get(2)?,
                    timed: row.get(3)?,
                    duration: row.get(4)?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

/// Takes a report. False when the project has too many monitors for a new one.
pub(super) fn take(meta: &Connection, report: &NewCheckIn) -> Result<bool> {
    let Some(monitor) = monitor_of(meta, report)? else { return Ok(false) };
    let check_in = match report.check_in {
        Some(given) => given,
        None => latest_in_progress(meta, monitor, report)?.unwrap_or(report.fallback),
    };
    let before: Option<String> = meta
        .prepare_cached("SELECT status FROM check_ins WHERE monitor_id = ?1 AND check_in = ?2")?
        .query_row(params![monitor, check_in], |row| row.get(0))
        .optional()?;
    let is_replanned = match &report.config {
        Some(config) => {
            meta.prepare_cached("UPDATE monitors SET config = ?2 WHERE id = ?1 AND config IS NOT ?2")?
                .execute(params![monitor, config])?
                > 0
        }
        None => false,
    };
    // Reports of one run may arrive in any order: an end is never taken back by a beginning, nor by what comes too late.
    meta.prepare_cached(
        "INSERT INTO check_ins (monitor_id, check_in, environment, status, started, updated, duration, release, trace) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?8) ON CONFLICT (monitor_id, check_in) DO UPDATE SET \
         status = iif(excluded.status = 'in_progress' OR status = 'timeout', status, excluded.status), \
         started = min(started, excluded.started), updated = max(updated, excluded.updated), \
         duration = coalesce(excluded.duration, duration), release = coalesce(excluded.release, release), \
         trace = coalesce(excluded.trace, trace)",
    )?
    .execute(params![
        monitor,
        check_in,
        report.environment,
        report.status,
        report.received,
        report.duration,
        report.release,
        report.trace,
    ])?;
    meta.prepare_cached(
        "UPDATE monitors SET status = (SELECT status FROM check_ins WHERE monitor_id = ?1 \
         ORDER BY updated DESC, id DESC LIMIT 1), last_check_in = max(coalesce(last_check_in, 0), ?2) WHERE id = ?1",
    )?
    .execute(params![monitor, report.received])?;
    if is_replanned {
        watch::replanned(meta, monitor, report.received)?;
    }
    watch::reported(meta, monitor, &check_in, report, before.as_deref())?;
    Ok(true)
}

fn monitor_of(meta: &Connection, report: &NewCheckIn) -> Result<Option<MonitorId>> {
    let known = meta
        .prepare_cached("SELECT id FROM monitors WHERE project_id = ?1 AND slug = ?2")?
        .query_row(params![report.project, report.slug], |row| row.get(0))
        .optional()?;
    if known.is_some() {
        return Ok(known);
    }
    let monitors: i64 = meta
        .prepare_cached("SELECT count(*) FROM monitors WHERE project_id = ?1")?
        .query_row([report.project], |row| row.get(0))?;
    if monitors >= MAX_MONITORS {
        return Ok(None);
    }
    meta.prepare_cached(
        "INSERT INTO monitors (project_id, slug, name, config, created) VALUES (?1, ?2, ?2, ?3, ?4)",
    )?
    .execute(params![report.project, report.slug, report.config, report.received])?;
    Ok(Some(meta.last_insert_rowid()))
}

fn latest_in_progress(
    meta: &Connection,
    monitor: MonitorId,
    report: &NewCheckIn,
) -> Result<Option<[u8; 16]>> {
    Ok(meta
        .prepare_cached(
            "SELECT check_in FROM check_ins WHERE monitor_id = ?1 AND environment = ?2 AND status = 'in_progress' \
             ORDER BY started DESC, id DESC LIMIT 1",
        )?
        .query_row(params![monitor, report.environment], |row| row.get(0))
        .optional()?)
}

const MONITOR: &str = "id, project_id, slug, name, config, created, last_check_in, status";

pub(super) fn list(meta: &Connection, scope: &ProjectScope) -> Result<Vec<Monitor>> {
    let sql = format!("SELECT {MONITOR} FROM monitors WHERE project_id = ?1 ORDER BY slug");
    let mut statement = meta.prepare_cached(&sql)?;
    let mut all = Vec::new();
    for project in scope.ids() {
        for row in statement.query_map([project], monitor)? {
            all.push(row?);
        }
    }
    for monitor in &mut all {
        monitor.environments = watch::environments(meta, monitor.id)?;
    }
    Ok(all)
}

pub(super) fn by_slug(meta: &Connection, project: ProjectId, slug: &str) -> Result<Option<Monitor>> {
    let sql = format!("SELECT {MONITOR} FROM monitors WHERE project_id = ?1 AND slug = ?2");
    whole(meta, meta.prepare_cached(&sql)?.query_row(params![project, slug], monitor).optional()?)
}

pub(super) fn by_id(meta: &Connection, id: MonitorId) -> Result<Option<Monitor>> {
    let sql = format!("SELECT {MONITOR} FROM monitors WHERE id = ?1");
    whole(meta, meta.prepare_cached(&sql)?.query_row([id], monitor).optional()?)
}

fn whole(meta: &Connection, found: Option<Monitor>) -> Result<Option<Monitor>> {
    let Some(mut monitor) = found else { return Ok(None) };
    monitor.environments = watch::environments(meta, monitor.id)?;
    Ok(Some(monitor))
}

/// The runs of a monitor, newest first.
pub(super) fn check_ins(
    meta: &Connection,
    monitor: MonitorId,
    request: PageRequest,
) -> Result<Page<CheckInRow>> {
    let (start, direction) = page::clause(request, "started", "id");
    let sql = format!(
        "SELECT id, monitor_id, check_in, environment, status, started, updated, duration, release, trace \
         FROM check_ins WHERE monitor_id = ?1 AND {start} ORDER BY started {direction}, id {direction} LIMIT ?2"
    );
    let mut statement = meta.prepare_cached(&sql)?;
    let rows = statement.query_map(params![monitor, (request.limit + 1) as i64], |row| {
        Ok(CheckInRow {
            id: row.get(0)?,
            monitor: row.get(1)?,
            check_in: row.get(2)?,
            environment: row.get(3)?,
            status: row.get(4)?,
            started: row.get(5)?,
            updated: row.get(6)?,
            duration: row.get(7)?,
            release: row.get(8)?,
            trace: row.get(9)?,
        })
    })?;
    let rows = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(page::build(rows, request, |row| (row.started, row.id)))
}

fn monitor(row: &Row<'_>) -> rusqlite::Result<Monitor> {
    let config: Option<String> = row.get(4)?;
    Ok(Monitor {
        id: row.get(0)?,
        project: row.get(1)?,
        slug: row.get(2)?,
        name: row.get(3)?,
        config: config.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
        created: row.get(5)?,
        last_check_in: row.get(6)?,
        status: row.get(7)?,
        environments: Vec::new(),
    })
}

const MAX_MONITORS: i64 = 10_000;
