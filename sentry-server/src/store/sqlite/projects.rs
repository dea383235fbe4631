//! Organisations, projects, client keys and the ledger of outcomes.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::instant::Micros;
use crate::store::{
    ClientKey, NewProject, OrgId, Organization, OutcomeRow, Project, ProjectId, ProjectScope, Result,
};

pub(super) fn create_organization(
    meta: &Connection,
    slug: &str,
    name: &str,
    now: Micros,
) -> Result<Organization> {
    meta.execute(
        "INSERT INTO organizations (slug, name, created) VALUES (?1, ?2, ?3)",
        params![slug, name, now],
    )?;
    Ok(Organization {
        id: meta.last_insert_rowid(),
        slug: slug.to_owned(),
        name: name.to_owned(),
        created: now,
    })
}

pub(super) fn organizations(meta: &Connection) -> Result<Vec<Organization>> {
    let mut statement =
        meta.prepare_cached("SELECT id, slug, name, created FROM organizations ORDER BY id")?;
    let rows = statement.query_map([], |row| {
        Ok(Organization { id: row.get(0)?, slug: row.get(1)?, name: row.get(2)?, created: row.get(3)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn create(meta: &mut Connection, project: &NewProject) -> Result<Option<Project>> {
    let transaction = meta.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let taken = transaction
        .query_row(
            "SELECT 1 FROM projects WHERE (org_id = ?1 AND slug = ?2) OR id = ?3 \
             UNION ALL SELECT 1 FROM gone_projects WHERE id = ?3",
            params![project.org, project.slug, project.id],
            |_| Ok(()),
        )
        .optional()?;
    if taken.is_some() {
        return Ok(None);
    }
    transaction.execute(
        "INSERT INTO projects (id, org_id, slug, name, platform, created) VALUES (coalesce(?1, 1 + max( \
         (SELECT coalesce(max(id), 0) FROM projects), (SELECT coalesce(max(id), 0) FROM gone_projects))), \
         ?2, ?3, ?4, ?5, ?6)",
        params![project.id, project.org, project.slug, project.name, project.platform, project.created],
    )?;
    let id = transaction.last_insert_rowid();
    transaction.execute(
        "INSERT INTO client_keys (project_id, public, label, created) VALUES (?1, ?2, 'Default', ?3)",
        params![id, project.public_key, project.created],
    )?;
    transaction.commit()?;
    Ok(Some(Project {
        id,
        slug: project.slug.clone(),
        name: project.name.clone(),
        platform: project.platform.clone(),
        created: project.created,
        first_event: None,
    }))
}

pub(super) fn list(meta: &Connection, org: OrgId) -> Result<Vec<Project>> {
    let mut statement = meta.prepare_cached(
        "SELECT id, slug, name, platform, created, first_event FROM projects WHERE org_id = ?1 ORDER BY slug",
    )?;
    let rows = statement.query_map([org], project)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn by_id(meta: &Connection, id: ProjectId) -> Result<Option<Project>> {
    let mut statement = meta.prepare_cached(
        "SELECT id, slug, name, platform, created, first_event FROM projects WHERE id = ?1",
    )?;
    Ok(statement.query_row([id], project).optional()?)
}

pub(super) fn client_keys(meta: &Connection) -> Result<Vec<ClientKey>> {
    let mut statement = meta.prepare_cached(
        "SELECT id, project_id, public, label, active, created FROM client_keys ORDER BY id",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(ClientKey {
            id: row.get(0)?,
            project: row.get(1)?,
            public: row.get(2)?,
            label: row.get(3)?,
            active: row.get(4)?,
            created: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn outcomes(meta: &Connection, scope: &ProjectScope, since_hour: i64) -> Result<Vec<OutcomeRow>> {
    let mut statement = meta.prepare_cached(
        "SELECT project_id, hour, category, outcome, reason, quantity FROM outcomes \
         WHERE project_id = ?1 AND hour >= ?2 ORDER BY hour, category, outcome, reason",
    )?;
    let mut all = Vec::new();
    for id in scope.ids() {
        let rows = statement.query_map(params![id, since_hour], |row| {
            Ok(OutcomeRow {
                project: row.get(0)?,
                hour: row.get(1)?,
                category: row.get(2)?,
                outcome: row.get(3)?,
                reason: row.get(4)?,
                quantity: row.get(5)?,
            })
        })?;
        for row in rows {
            all.push(row?);
        }
    }
    Ok(all)
}

fn project(row: &Row<'_>) -> rusqlite::Result<Project> {
    Ok(Project {
        id: row.get(0)?,
        slug: row.get(1)?,
        name: row.get(2)?,
        platform: row.get(3)?,
        created: row.get(4)?,
        first_event: row.get(5)?,
    })
}
