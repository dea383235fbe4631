//! What monitors are like in each environment: when a run is due, what failed in a row, and the incident that it makes.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;

use super::monitors;
use crate::instant::Micros;
use crate::schedule::Plan;
use crate::store::{Incident, MonitorEnvironment, MonitorId, NewCheckIn, Result, Watched};

/// Where an incident is. Its issue is made, and resolved, by the one who watches: outside of the transaction that says so.
const NONE: i64 = 0;
const BEGUN: i64 = 1;
const TOLD: i64 = 2;
const OVER: i64 = 3;

#[derive(Debug, Default)]
struct State {
    status: String,
    last: Option<Micros>,
    next: Option<Micros>,
    failures: i64,
    successes: i64,
    incident: Option<Micros>,
    phase: i64,
}

impl State {
    fn read(meta: &Connection, monitor: MonitorId, environment: &str) -> Result<Option<Self>> {
        let mut statement = meta.prepare_cached(
            "SELECT status, last_check_in, next_check_in, failures, successes, incident, phase FROM monitor_environments \
             WHERE monitor_id = ?1 AND environment = ?2",
        )?;
        let state = |row: &Row<'_>| {
            Ok(Self {
                status: row.get(0)?,
                last: row.get(1)?,
                next: row.get(2)?,
                failures: row.get(3)?,
                successes: row.get(4)?,
                incident: row.get(5)?,
                phase: row.get(6)?,
            })
        };
        Ok(statement.query_row(params![monitor, environment], state).optional()?)
    }

    fn write(
        &self,
        meta: &Connection,
        (monitor, environment): (MonitorId, &str),
        plan: Option<&Plan>,
        now: Micros,
    ) -> Result<()> {
        meta.prepare_cached(
            "INSERT INTO monitor_environments (monitor_id, environment, status, last_check_in, next_check_in, latest, failures, \
             successes, incident, phase, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) \
             ON CONFLICT DO UPDATE SET status = excluded.status, last_check_in = excluded.last_check_in, \
             next_check_in = excluded.next_check_in, latest = excluded.latest, failures = excluded.failures, \
             successes = excluded.successes, incident = excluded.incident, phase = excluded.phase",
        )?
        .execute(params![
            monitor,
            environment,
            self.status,
            self.last,
            self.next,
            self.next.zip(plan).map(|(next, plan)| plan.latest(next)),
            self.failures,
            self.successes,
            self.incident,
            self.phase,
            now,
        ])?;
        Ok(())
    }

    fn failed(&mut self, plan: &Plan, at: Micros) {
        self.successes = 0;
        self.failures += 1;
        if self.phase == NONE && self.failures >= plan.failures {
            (self.phase, self.incident) = (BEGUN, Some(at));
        }
    }

    fn succeeded(&mut self, plan: &Plan) {
        self.failures = 0;
        self.successes += 1;
        if self.successes >= plan.recoveries {
            (self.phase, self.incident) = match self.phase {
                // Nobody heard of it.
                BEGUN => (NONE, None),
                TOLD => (OVER, self.incident),
                other => (other, self.incident),
            };
        }
    }
}

fn plan_of(meta: &Connection, monitor: MonitorId) -> Result<Option<Plan>> {
    let mut statement = meta.prepare_cached("SELECT config FROM monitors WHERE id = ?1")?;
    let config: Option<String> = statement.query_row([monitor], |row| row.get(0)).optional()?.flatten();
    let config: Option<Value> = config.and_then(|text| serde_json::from_str(&text).ok());
    Ok(config.and_then(|config| Plan::read(&config).ok()))
}

/// Takes in what a job reported; `before` is what was known of the run.
pub(super) fn reported(
    meta: &Connection,
    monitor: MonitorId,
    check_in: &[u8; 16],
    report: &NewCheckIn,
    before: Option<&str>,
) -> Result<()> {
    let plan = plan_of(meta, monitor)?;
    let at = report.received;
    let key = (monitor, report.environment.as_str());
    let mut state = State::read(meta, key.0, key.1)?.unwrap_or_default();
    state.last = state.last.max(Some(at));
    let ends = report.status != "in_progress" && before.is_none_or(|before| before == "in_progress");
    if ends || state.status.is_empty() {
        report.status.clone_into(&mut state.status);
    }
    if let Some(plan) = &plan {
        match report.status {
            "ok" if ends => state.succeeded(plan),
            "error" if ends => state.failed(plan, at),
            _ => {}
        }
        state.next = state.next.max(plan.next(at, at));
        if report.status == "in_progress" {
            meta.prepare_cached(
                "UPDATE check_ins SET timeout_at = started + ?3 \
                 WHERE monitor_id = ?1 AND check_in = ?2 AND status = 'in_progress'",
            )?
            .execute(params![monitor, check_in, plan.max_runtime])?;
        }
    }
    state.write(meta, key, plan.as_ref(), at)
}

/// A monitor is to run by another schedule from now on.
pub(super) fn replanned(meta: &Connection, monitor: MonitorId, now: Micros) -> Result<()> {
    let plan = plan_of(meta, monitor)?;
    for own in environments(meta, monitor)? {
        let Some(mut state) = State::read(meta, monitor, &own.name)? else { continue };
        state.next = plan.as_ref().and_then(|plan| plan.next(now, now));
        state.write(meta, (monitor, &own.name), plan.as_ref(), now)?;
    }
    Ok(())
}

/// Finds runs that did not come in time or took too long, and which incidents have begun or are over.
pub(super) fn watch(meta: &Connection, now: Micros) -> Result<Watched> {
    let late = {
        let mut find = meta.prepare_cached(
            "SELECT id, monitor_id, environment FROM check_ins \
             WHERE status = 'in_progress' AND timeout_at <= ?1 ORDER BY timeout_at, id LIMIT ?2",
        )?;
        let rows =
            find.query_map(params![now, AT_A_TIME], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        rows.collect::<rusqlite::Result<Vec<(i64, MonitorId, String)>>>()?
    };
    for (id, monitor, environment) in &late {
        meta.prepare_cached("UPDATE check_ins SET status = 'timeout', updated = ?2 WHERE id = ?1")?
            .execute([*id, now])?;
        failed(meta, (*monitor, environment), "timeout", now)?;
    }
    let missing = {
        let mut find = meta.prepare_cached(
            "SELECT monitor_id, environment, next_check_in FROM monitor_environments \
             WHERE latest <= ?1 ORDER BY latest LIMIT ?2",
        )?;
        let rows =
            find.query_map(params![now, AT_A_TIME], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        rows.collect::<rusqlite::Result<Vec<(MonitorId, String, Micros)>>>()?
    };
    for (monitor, environment, due) in &missing {
        let mut name = blake3::Hasher::new();
        name.update(&monitor.to_le_bytes()).update(&due.to_le_bytes()).update(environment.as_bytes());
        meta.prepare_cached(
            "INSERT OR IGNORE INTO check_ins (monitor_id, check_in, environment, status, started, updated) \
             VALUES (?1, ?2, ?3, 'missed', ?4, ?5)",
        )?
        .execute(params![monitor, &name.finalize().as_bytes()[..16], environment, due, now])?;
        failed(meta, (*monitor, environment), "missed", now)?;
    }
    let (begun, over) = (incidents(meta, BEGUN)?, incidents(meta, OVER)?);
    let full = AT_A_TIME as usize;
    let more = [late.len(), missing.len(), begun.len(), over.len()].contains(&full);
    Ok(Watched { begun, over, more })
}

/// A failure that nobody reported. After a pause of whatever length, the next run is one whose time is still to come.
fn failed(meta: &Connection, key: (MonitorId, &str), status: &str, now: Micros) -> Result<()> {
    let plan = plan_of(meta, key.0)?;
    let mut state = State::read(meta, key.0, key.1)?.unwrap_or_default();
    status.clone_into(&mut state.status);
    if let Some(plan) = &plan {
        state.failed(plan, now);
    }
    if status == "missed" {
        let due = state.next.unwrap_or(now);
        state.next = plan.as_ref().and_then(|plan| plan.next(due, plan.had_its_time(now)));
    }
    state.write(meta, key, plan.as_ref(), now)?;
    meta.prepare_cached("UPDATE monitors SET status = ?2 WHERE id = ?1")?.execute(params![key.0, status])?;
    Ok(())
}

fn incidents(meta: &Connection, phase: i64) -> Result<Vec<Incident>> {
    let mut find = meta.prepare_cached(
        "SELECT monitor_id, environment, incident, status, failures FROM monitor_environments \
         WHERE phase = ?1 AND phase IN (1, 3) ORDER BY incident LIMIT ?2",
    )?;
    let rows = find.query_map(params![phase, AT_A_TIME], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get::<_, Option<Micros>>(2)?, row.get(3)?, row.get(4)?))
    })?;
    let rows = rows.collect::<rusqlite::Result<Vec<(MonitorId, String, Option<Micros>, String, i64)>>>()?;
    let mut all = Vec::with_capacity(rows.len());
    for (monitor, environment, since, status, failures) in rows {
        if let Some(monitor) = monitors::by_id(meta, monitor)? {
            all.push(Incident { monitor, environment, since: since.unwrap_or_default(), status, failures });
        }
    }
    Ok(all)
}

/// The issue of an incident is there. If it is over meanwhile, the issue is to be resolved.
pub(super) fn told(meta: &Connection, incident: &Incident) -> Result<()> {
    meta.prepare_cached(
        "UPDATE monitor_environments SET phase = CASE phase WHEN 1 THEN 2 WHEN 0 THEN 3 ELSE phase END, \
         incident = coalesce(incident, ?3) WHERE monitor_id = ?1 AND environment = ?2",
    )?
    .execute(params![incident.monitor.id, incident.environment, incident.since])?;
    Ok(())
}

/// The issue of an incident is resolved. What failed again since is another incident.
pub(super) fn ended(meta: &Connection, incident: &Incident, now: Micros) -> Result<()> {
    let key = (incident.monitor.id, incident.environment.as_str());
    let (plan, Some(mut state)) = (plan_of(meta, key.0)?, State::read(meta, key.0, key.1)?) else {
        return Ok(());
    };
    (state.phase, state.incident) = match &plan {
        Some(plan) if state.failures >= plan.failures => (BEGUN, Some(now)),
        _ => (NONE, None),
    };
    state.write(meta, key, plan.as_ref(), now)
}

pub(super) fn environments(meta: &Connection, monitor: MonitorId) -> Result<Vec<MonitorEnvironment>> {
    let mut statement = meta.prepare_cached(
        "SELECT environment, status, last_check_in, next_check_in, latest, created, incident FROM monitor_environments \
         WHERE monitor_id = ?1 ORDER BY environment",
    )?;
    let rows = statement.query_map([monitor], |row| {
        Ok(MonitorEnvironment {
            name: row.get(0)?,
            status: row.get(1)?,
            last_check_in: row.get(2)?,
            next: row.get(3)?,
            latest: row.get(4)?,
            created: row.get(5)?,
            incident: row.get(6)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

const AT_A_TIME: i64 = 200;
