//! Releases, commits, deploys, repositories.

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use serde_json::Value;

use super::{SqliteStore, page};
use crate::instant::Micros;
use crate::store::{
    Commit, Deploy, NewEvent, OrgId, Page, PageRequest, ProjectId, ProjectScope, Release, ReleaseChange,
    Releases, Repository, Result,
};

impl Releases for SqliteStore {
    fn put_release(&self, org: OrgId, version: &str, change: &ReleaseChange, now: Micros) -> Result<bool> {
        put(&mut self.writer().meta, org, version, change, now)
    }

    fn release(&self, org: OrgId, version: &str) -> Result<Option<Release>> {
        self.read_meta(|meta| {
            let sql = format!("SELECT {COLUMNS} FROM releases r WHERE r.org_id = ?1 AND r.version = ?2");
            Ok(meta.prepare_cached(&sql)?.query_row(params![org, version], release).optional()?)
        })
    }

    fn releases(
        &self,
        org: OrgId,
        scope: Option<&ProjectScope>,
        query: &str,
        request: PageRequest,
    ) -> Result<Page<Release>> {
        let (start, direction) = page::clause(request, "r.created", "r.id");
        let projects = scope.map_or_else(
            || "1".to_owned(),
            |scope| {
                let ids: Vec<String> = scope.ids().iter().map(ToString::to_string).collect();
                format!(
                    "r.id IN (SELECT release_id FROM release_projects WHERE project_id IN ({}))",
                    ids.join(",")
                )
            },
        );
        let sql = format!(
            "SELECT {COLUMNS} FROM releases r WHERE r.org_id = ?1 AND instr(r.version, ?2) > 0 AND {start} AND {projects} \
             ORDER BY r.created {direction}, r.id {direction} LIMIT {}",
            request.limit + 1
        );
        self.read_meta(|meta| {
            let mut statement = meta.prepare_cached(&sql)?;
            let rows =
                statement.query_map(params![org, query], release)?.collect::<rusqlite::Result<Vec<_>>>()?;
            Ok(page::build(rows, request, |release| (release.created, release.id)))
        })
    }

    fn delete_release(&self, org: OrgId, version: &str) -> Result<bool> {
        self.write_meta(|meta| {
            Ok(meta
                .execute("DELETE FROM releases WHERE org_id = ?1 AND version = ?2", params![org, version])?
                > 0)
        })
    }

    fn commits(&self, release: i64) -> Result<Vec<Commit>> {
        self.read_meta(|meta| {
            let mut statement = meta.prepare_cached(
                "SELECT sha, repository, author_name, author_email, message, committed, patch_set \
                 FROM release_commits WHERE release_id = ?1 ORDER BY position",
            )?;
            let rows = statement.query_map([release], |row| {
                Ok(Commit {
                    sha: row.get(0)?,
                    repository: row.get(1)?,
                    author_name: row.get(2)?,
                    author_email: row.get(3)?,
                    message: row.get(4)?,
                    committed: row.get(5)?,
                    patch_set: row.get(6)?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn previous_with_commits(&self, org: OrgId, this: &Release) -> Result<Option<Release>> {
        self.read_meta(|meta| {
            let sql = format!(
                "SELECT {COLUMNS} FROM releases r WHERE r.org_id = ?1 AND (r.created, r.id) < (?2, ?3) \
                 AND EXISTS (SELECT 1 FROM release_commits c WHERE c.release_id = r.id) \
                 ORDER BY r.created DESC, r.id DESC LIMIT 1"
            );
            let mut statement = meta.prepare_cached(&sql)?;
            Ok(statement.query_row(params![org, this.created, this.id], release).optional()?)
        })
    }

    fn add_deploy(&self, release: i64, deploy: &Deploy) -> Result<i64> {
        self.write_meta(|meta| {
            meta.execute(
                "INSERT INTO deploys (release_id, environment, name, url, started, finished, projects) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    release,
                    deploy.environment,
                    deploy.name,
                    deploy.url,
                    deploy.started,
                    deploy.finished,
                    serde_json::to_string(&deploy.projects).unwrap_or_default(),
                ],
            )?;
            Ok(meta.last_insert_rowid())
        })
    }

    fn deploys(&self, release: i64) -> Result<Vec<Deploy>> {
        self.read_meta(|meta| {
            let mut statement = meta.prepare_cached(
                "SELECT id, environment, name, url, started, finished, projects FROM deploys \
                 WHERE release_id = ?1 ORDER BY id DESC",
            )?;
            let rows = statement.query_map([release], |row| {
                Ok(Deploy {
                    id: row.get(0)?,
                    environment: row.get(1)?,
                    name: row.get(2)?,
                    url: row.get(3)?,
                    started: row.get(4)?,
                    finished: row.get(5)?,
                    projects: list(row, 6)?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn repositories(&self, org: OrgId) -> Result<Vec<Repository>> {
        self.read_meta(|meta| {
            let mut statement = meta.prepare_cached(
                "SELECT id, name, url, provider, created FROM repositories WHERE org_id = ?1 ORDER BY name",
            )?;
            let rows = statement.query_map([org], |row| {
                Ok(Repository {
                    id: row.get(0)?,
                    name: row.get(1)?,
                    url: row.get(2)?,
                    provider: row.get(3)?,
                    created: row.get(4)?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn add_repository(
        &self,
        org: OrgId,
        name: &str,
        url: Option<&str>,
        provider: Option<&str>,
        now: Micros,
    ) -> Result<Option<Repository>> {
        self.write_meta(|meta| {
            let sql = "INSERT OR IGNORE INTO repositories (org_id, name, url, provider, created) \
                       VALUES (?1, ?2, ?3, ?4, ?5)";
            if meta.execute(sql, params![org, name, url, provider, now])? == 0 {
                return Ok(None);
            }
            Ok(Some(Repository {
                id: meta.last_insert_rowid(),
                name: name.to_owned(),
                url: url.map(str::to_owned),
                provider: provider.map(str::to_owned),
                created: now,
            }))
        })
    }

    fn delete_repository(&self, org: OrgId, id: i64) -> Result<bool> {
        self.write_meta(|meta| {
            Ok(meta.execute("DELETE FROM repositories WHERE org_id = ?1 AND id = ?2", [org, id])? > 0)
        })
    }
}

/// Notes, inside a batch's transaction, that an event names a release.
pub(super) fn seen(meta: &Connection, event: &NewEvent, version: &str) -> Result<()> {
    let mut known = meta.prepare_cached(
        "UPDATE release_projects SET last_event = max(coalesce(last_event, 0), ?3), \
         first_event = min(coalesce(first_event, ?3), ?3) WHERE project_id = ?1 AND release_id = \
         (SELECT r.id FROM releases r JOIN projects p ON p.org_id = r.org_id WHERE p.id = ?1 AND r.version = ?2)",
    )?;
    if known.execute(params![event.project, version, event.timestamp])? > 0 {
        return Ok(());
    }
    meta.prepare_cached(
        "INSERT OR IGNORE INTO releases (org_id, version, created) SELECT org_id, ?2, ?3 FROM projects WHERE id = ?1",
    )?
    .execute(params![event.project, version, event.received])?;
    meta.prepare_cached(
        "INSERT OR IGNORE INTO release_projects (release_id, project_id, first_event, last_event) \
         SELECT r.id, p.id, ?3, ?3 FROM projects p JOIN releases r ON r.org_id = p.org_id \
         WHERE p.id = ?1 AND r.version = ?2",
    )?
    .execute(params![event.project, version, event.timestamp])?;
    Ok(())
}

fn put(
    meta: &mut Connection,
    org: OrgId,
    version: &str,
    change: &ReleaseChange,
    now: Micros,
) -> Result<bool> {
    let transaction = meta.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let sql = "INSERT OR IGNORE INTO releases (org_id, version, created) VALUES (?1, ?2, ?3)";
    let fresh = transaction.execute(sql, params![org, version, now])? > 0;
    let id: i64 = transaction.query_row(
        "UPDATE releases SET status = coalesce(?3, status), url = coalesce(?4, url), ref = coalesce(?5, ref), \
         started = coalesce(?6, started), released = coalesce(?7, released) \
         WHERE org_id = ?1 AND version = ?2 RETURNING id",
        params![org, version, change.status, change.url, change.git_ref, change.started, change.released],
        |row| row.get(0),
    )?;
    for project in &change.projects {
        let sql = "INSERT OR IGNORE INTO release_projects (release_id, project_id) VALUES (?1, ?2)";
        transaction.execute(sql, [id, *project])?;
    }
    if let Some(commits) = &change.commits {
        put_commits(&transaction, org, id, commits, now)?;
    }
    transaction.commit()?;
    Ok(fresh)
}

fn put_commits(meta: &Connection, org: OrgId, release: i64, commits: &[Commit], now: Micros) -> Result<()> {
    meta.execute("DELETE FROM release_commits WHERE release_id = ?1", [release])?;
    let mut insert = meta.prepare_cached(
        "INSERT INTO release_commits (release_id, position, sha, repository, author_name, author_email, message, \
         committed, patch_set) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    let mut repository = meta
        .prepare_cached("INSERT OR IGNORE INTO repositories (org_id, name, created) VALUES (?1, ?2, ?3)")?;
    for (position, commit) in commits.iter().enumerate() {
        insert.execute(params![
            release,
            position as i64,
            commit.sha,
            commit.repository,
            commit.author_name,
            commit.author_email,
            commit.message,
            commit.committed,
            commit.patch_set,
        ])?;
        if let Some(name) = &commit.repository {
            repository.execute(params![org, name, now])?;
        }
    }
    Ok(())
}

const COLUMNS: &str = "r.id, r.version, r.status, r.url, r.ref, r.created, r.started, r.released, \
    (SELECT min(first_event) FROM release_projects p WHERE p.release_id = r.id), \
    (SELECT max(last_event) FROM release_projects p WHERE p.release_id = r.id), \
    (SELECT json_group_array(project_id) FROM release_projects p WHERE p.release_id = r.id), \
    (SELECT count(*) FROM release_projects p JOIN issues i ON i.project_id = p.project_id \
     AND i.first_release = r.version WHERE p.release_id = r.id), \
    (SELECT count(*) FROM release_commits c WHERE c.release_id = r.id), \
    (SELECT count(*) FROM deploys d WHERE d.release_id = r.id), \
    (SELECT sha FROM release_commits c WHERE c.release_id = r.id AND c.position = 0), \
    (SELECT json_object('id', CAST(d.id AS TEXT), 'environment', d.environment, 'name', d.name, 'url', d.url, \
     'dateStarted', d.started, 'dateFinished', d.finished) FROM deploys d WHERE d.release_id = r.id ORDER BY d.id DESC LIMIT 1), \
    (SELECT json_group_array(json_object('name', name, 'email', email)) FROM (SELECT DISTINCT author_name AS name, \
     author_email AS email FROM release_commits c WHERE c.release_id = r.id \
     AND coalesce(author_name, author_email) IS NOT NULL ORDER BY author_email, author_name LIMIT 100))";

fn release(row: &Row<'_>) -> rusqlite::Result<Release> {
    Ok(Release {
        id: row.get(0)?,
        version: row.get(1)?,
        status: row.get(2)?,
        url: row.get(3)?,
        git_ref: row.get(4)?,
        created: row.get(5)?,
        started: row.get(6)?,
        released: row.get(7)?,
        first_event: row.get(8)?,
        last_event: row.get(9)?,
        projects: list(row, 10)?,
        new_issues: row.get(11)?,
        commits: row.get(12)?,
        deploys: row.get(13)?,
        last_commit: row.get(14)?,
        last_deploy: json(row, 15)?,
        authors: json(row, 16)?,
    })
}

fn json(row: &Row<'_>, at: usize) -> rusqlite::Result<Value> {
    let text: Option<String> = row.get(at)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

fn list(row: &Row<'_>, at: usize) -> rusqlite::Result<Vec<ProjectId>> {
    let text: String = row.get(at)?;
    Ok(serde_json::from_str(&text).unwrap_or_default())
}
