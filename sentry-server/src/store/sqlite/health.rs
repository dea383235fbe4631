//! Release health: counting sessions, and reading the counts.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::instant;
use crate::store::{
    Health, NewSession, ProjectScope, Result, SessionCounts, SessionDay, SessionHour, SessionKind,
};

/// Counts a session or changes what it is counted as. Telling the same again, in any order, changes nothing.
pub(super) fn count(meta: &Connection, session: &NewSession) -> Result<()> {
    let (delta, health, hour_of) = match &session.what {
        SessionKind::Counted(counts) => (*counts, counts.worst(), session.started),
        SessionKind::One { sid, health, .. } => {
            let known: Option<(i64, i64)> = meta
                .prepare_cached(
                    "SELECT started, health FROM session_states WHERE project_id = ?1 AND sid = ?2",
                )?
                .query_row(params![session.project, sid], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let (delta, started, health) = match known {
                None => (SessionCounts::one(*health), session.started, *health),
                Some((started, rank)) => {
                    let before = Health::from_rank(rank);
                    let after = before.max(*health);
                    if before == after {
                        return Ok(());
                    }
                    let mut delta = SessionCounts::default();
                    if let Some(count) = delta.of(before) {
                        *count -= 1;
                    }
                    if let Some(count) = delta.of(after) {
                        *count += 1;
                    }
                    (delta, started, after)
                }
            };
            meta.prepare_cached(
                "INSERT INTO session_states (project_id, sid, started, health) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT DO UPDATE SET health = excluded.health",
            )?
            .execute(params![session.project, sid, started, health.rank()])?;
            (delta, health, started)
        }
    };
    let key = params![
        session.project,
        session.release,
        session.environment,
        instant::hour(hour_of),
        delta.total,
        delta.errored,
        delta.abnormal,
        delta.crashed,
    ];
    meta.prepare_cached(
        "INSERT INTO session_hours (project_id, release, environment, hour, total, errored, abnormal, crashed) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET total = total + excluded.total, \
         errored = errored + excluded.errored, abnormal = abnormal + excluded.abnormal, \
         crashed = crashed + excluded.crashed",
    )?
    .execute(key)?;
    if let Some(user) = &session.user {
        meta.prepare_cached(
            "INSERT INTO session_users (project_id, release, environment, day, user, health) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET health = max(health, excluded.health)",
        )?
        .execute(params![
            session.project,
            session.release,
            session.environment,
            instant::day(hour_of),
            user,
            health.rank(),
        ])?;
    }
    Ok(())
}

/// Hours that have sessions, in order of time.
pub(super) fn hours(
    meta: &Connection,
    scope: &ProjectScope,
    release: Option<&str>,
    since: i64,
    until: i64,
) -> Result<Vec<SessionHour>> {
    let mut statement = meta.prepare_cached(
        "SELECT project_id, release, environment, hour, total, errored, abnormal, crashed FROM session_hours \
         WHERE project_id = ?1 AND hour >= ?2 AND hour < ?3 AND (?4 IS NULL OR release = ?4) \
         ORDER BY hour, release, environment",
    )?;
    let mut all = Vec::new();
    for project in scope.ids() {
        for row in statement.query_map(params![project, since, until, release], |row| {
            Ok(SessionHour {
                project: row.get(0)?,
                release: row.get(1)?,
                environment: row.get(2)?,
                hour: row.get(3)?,
                counts: counts(row, 4)?,
            })
        })? {
            all.push(row?);
        }
    }
    Ok(all)
}

/// Users per day, in order of time.
pub(super) fn days(
    meta: &Connection,
    scope: &ProjectScope,
    release: Option<&str>,
    since: i64,
    until: i64,
) -> Result<Vec<SessionDay>> {
    let mut statement = meta.prepare_cached(
        "SELECT project_id, release, environment, day, count(*), sum(health = 1), sum(health = 2), sum(health = 3) \
         FROM session_users WHERE project_id = ?1 AND day >= ?2 AND day < ?3 AND (?4 IS NULL OR release = ?4) \
         GROUP BY release, environment, day ORDER BY day, release, environment",
    )?;
    let mut all = Vec::new();
    for project in scope.ids() {
        for row in statement.query_map(params![project, since, until, release], |row| {
            Ok(SessionDay {
                project: row.get(0)?,
                release: row.get(1)?,
                environment: row.get(2)?,
                day: row.get(3)?,
                users: counts(row, 4)?,
            })
        })? {
            all.push(row?);
        }
    }
    Ok(all)
}

/// Distinct users of the whole time.
pub(super) fn users(
    meta: &Connection,
    scope: &ProjectScope,
    release: Option<&str>,
    since: i64,
    until: i64,
) -> Result<SessionCounts> {
    let mut statement = meta.prepare_cached(
        "SELECT count(*), coalesce(sum(worst = 1), 0), coalesce(sum(worst = 2), 0), coalesce(sum(worst = 3), 0) \
         FROM (SELECT max(health) AS worst FROM session_users WHERE project_id = ?1 AND day >= ?2 AND day < ?3 \
         AND (?4 IS NULL OR release = ?4) GROUP BY user)",
    )?;
    let mut all = SessionCounts::default();
    for project in scope.ids() {
        let one = statement.query_row(params![project, since, until, release], |row| counts(row, 0))?;
        all.total += one.total;
        all.errored += one.errored;
        all.abnormal += one.abnormal;
        all.crashed += one.crashed;
    }
    Ok(all)
}

fn counts(row: &Row<'_>, first: usize) -> rusqlite::Result<SessionCounts> {
    Ok(SessionCounts {
        total: row.get(first)?,
        errored: row.get(first + 1)?,
        abnormal: row.get(first + 2)?,
        crashed: row.get(first + 3)?,
    })
}
