//! Organisations, teams and projects as a whole: what is made, linked and taken away with them.

use rusqlite::{Connection, TransactionBehavior, params};

use super::{forget, removal};
use crate::instant::Micros;
use crate::store::{Changed, OrgId, Organization, ProjectId, Result, Team, UserId};

pub(super) fn teams(meta: &Connection, org: OrgId) -> Result<Vec<Team>> {
    let mut statement = meta.prepare_cached(
        "SELECT t.id, t.slug, t.name, t.created, \
         (SELECT count(*) FROM team_members m WHERE m.team_id = t.id), \
         (SELECT json_group_array(p.project_id) FROM team_projects p WHERE p.team_id = t.id) \
         FROM teams t WHERE t.org_id = ?1 ORDER BY t.slug",
    )?;
    let rows = statement.query_map([org], |row| {
        let projects: String = row.get(5)?;
        Ok(Team {
            id: row.get(0)?,
            slug: row.get(1)?,
            name: row.get(2)?,
            created: row.get(3)?,
            members: row.get(4)?,
            projects: serde_json::from_str(&projects).unwrap_or_default(),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Makes or removes a row of a table that links a team to something; false when that changes nothing.
pub(super) fn link(
    meta: &Connection,
    table: &'static str,
    column: &'static str,
    team: i64,
    other: i64,
    on: bool,
) -> Result<bool> {
    let sql = if on {
        format!("INSERT OR IGNORE INTO {table} (team_id, {column}) VALUES (?1, ?2)")
    } else {
        format!("DELETE FROM {table} WHERE team_id = ?1 AND {column} = ?2")
    };
    Ok(meta.execute(&sql, [team, other])? > 0)
}

/// What an `UPDATE OR IGNORE` of one row did.
pub(super) fn outcome(meta: &Connection, changed: usize, table: &'static str, id: i64) -> Result<Changed> {
    if changed > 0 {
        return Ok(Changed::Done);
    }
    let sql = format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE id = ?1)");
    let exists: bool = meta.query_row(&sql, [id], |row| row.get(0))?;
    Ok(if exists { Changed::Taken } else { Changed::Missing })
}

pub(super) fn found_organization(
    meta: &mut Connection,
    slug: &str,
    name: &str,
    owner: UserId,
    now: Micros,
) -> Result<Option<Organization>> {
    let transaction = meta.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let sql = "INSERT OR IGNORE INTO organizations (slug, name, created) VALUES (?1, ?2, ?3)";
    if transaction.execute(sql, params![slug, name, now])? == 0 {
        return Ok(None);
    }
    let id = transaction.last_insert_rowid();
    transaction.execute(
        "INSERT INTO members (org_id, user_id, role, created) VALUES (?1, ?2, 'owner', ?3)",
        params![id, owner, now],
    )?;
    transaction.commit()?;
    Ok(Some(Organization { id, slug: slug.to_owned(), name: name.to_owned(), created: now }))
}

pub(super) fn delete_organization(meta: &mut Connection, org: OrgId, days: &[i64]) -> Result<bool> {
    let transaction = meta.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let projects: Vec<ProjectId> = {
        let mut statement = transaction.prepare("SELECT id FROM projects WHERE org_id = ?1")?;
        statement.query_map([org], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?
    };
    for project in projects {
        empty_project(&transaction, project, days)?;
    }
    let deleted = transaction.execute("DELETE FROM organizations WHERE id = ?1", [org])? > 0;
    transaction.commit()?;
    Ok(deleted)
}

pub(super) fn delete_project(meta: &mut Connection, project: ProjectId, days: &[i64]) -> Result<bool> {
    let transaction = meta.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let deleted = empty_project(&transaction, project, days)?;
    transaction.commit()?;
    Ok(deleted)
}

/// What day files have of the project is noted and goes later: nobody can ask for it any more.
fn empty_project(meta: &Connection, project: ProjectId, days: &[i64]) -> Result<bool> {
    removal::note_project(meta, project, days)?;
    meta.execute(
        "UPDATE last_deleted_issue SET id = max(id, coalesce((SELECT max(id) FROM issues WHERE project_id = ?1), 0))",
        [project],
    )?;
    for table in forget::OF_ISSUES {
        let sql =
            format!("DELETE FROM {table} WHERE issue_id IN (SELECT id FROM issues WHERE project_id = ?1)");
        meta.execute(&sql, [project])?;
    }
    meta.execute(
        "DELETE FROM settings WHERE (owner = 'project' AND id = ?1) \
         OR (owner = 'key' AND id IN (SELECT id FROM client_keys WHERE project_id = ?1))",
        [project],
    )?;
    meta.execute(
        "DELETE FROM check_ins WHERE monitor_id IN (SELECT id FROM monitors WHERE project_id = ?1)",
        [project],
    )?;
    meta.execute(
        "DELETE FROM monitor_environments WHERE monitor_id IN (SELECT id FROM monitors WHERE project_id = ?1)",
        [project],
    )?;
    for table in [
        "issue_hashes",
        "hash_bands",
        "issues",
        "event_keys",
        "outcomes",
        "client_keys",
        "monitors",
        "session_hours",
        "session_users",
        "session_states",
        "replays",
    ] {
        meta.execute(&format!("DELETE FROM {table} WHERE project_id = ?1"), [project])?;
    }
    meta.execute("INSERT OR IGNORE INTO gone_projects SELECT id FROM projects WHERE id = ?1", [project])?;
    Ok(meta.execute("DELETE FROM projects WHERE id = ?1", [project])? > 0)
}
