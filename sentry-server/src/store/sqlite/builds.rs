//! Code mappings, releases of ProGuard mappings, and the files of releases as wholes.

use rusqlite::{Connection, TransactionBehavior, params};

use super::{SqliteStore, issues};
use crate::instant::Micros;
use crate::store::{Archive, Builds, CodeMapping, OrgId, ProjectId, ProjectScope, Result};

impl Builds for SqliteStore {
    fn code_mappings(&self, scope: &ProjectScope) -> Result<Vec<CodeMapping>> {
        self.read_meta(|meta| {
            let sql = format!(
                "SELECT id, project_id, repository, stack_root, source_root, branch, created FROM code_mappings \
                 WHERE {} ORDER BY id",
                issues::in_scope(scope)
            );
            let mut statement = meta.prepare_cached(&sql)?;
            let rows = statement.query_map([], |row| {
                Ok(CodeMapping {
                    id: row.get(0)?,
                    project: row.get(1)?,
                    repository: row.get(2)?,
                    stack_root: row.get(3)?,
                    source_root: row.get(4)?,
                    branch: row.get(5)?,
                    created: row.get(6)?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn put_code_mapping(&self, mapping: &CodeMapping) -> Result<bool> {
        let CodeMapping { project, repository, stack_root, source_root, branch, created, .. } = mapping;
        self.write_meta(|meta| {
            let changed = meta.execute(
                "UPDATE code_mappings SET repository = ?2, branch = ?5 \
                 WHERE project_id = ?1 AND stack_root = ?3 AND source_root = ?4",
                params![project, repository, stack_root, source_root, branch],
            )?;
            if changed > 0 {
                return Ok(false);
            }
            meta.execute(
                "INSERT INTO code_mappings (project_id, repository, stack_root, source_root, branch, created) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![project, repository, stack_root, source_root, branch, created],
            )?;
            Ok(true)
        })
    }

    fn delete_code_mapping(&self, scope: &ProjectScope, id: i64) -> Result<bool> {
        self.write_meta(|meta| {
            let sql = format!("DELETE FROM code_mappings WHERE id = ?1 AND {}", issues::in_scope(scope));
            Ok(meta.execute(&sql, [id])? > 0)
        })
    }

    fn add_proguard_release(
        &self,
        project: ProjectId,
        uuid: &str,
        release: &str,
        now: Micros,
    ) -> Result<bool> {
        self.write_meta(|meta| {
            let sql = "INSERT OR IGNORE INTO proguard_releases (project_id, uuid, release, created) \
                       VALUES (?1, ?2, ?3, ?4)";
            Ok(meta.execute(sql, params![project, uuid, release, now])? > 0)
        })
    }

    fn proguard_releases(&self, project: ProjectId, uuid: &str) -> Result<Vec<String>> {
        self.read_meta(|meta| {
            let sql = "SELECT release FROM proguard_releases WHERE project_id = ?1 AND uuid = ?2 ORDER BY created, release";
            let mut statement = meta.prepare_cached(sql)?;
            let rows = statement.query_map(params![project, uuid], |row| row.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn archives(&self, org: OrgId, scope: &ProjectScope, part: &str) -> Result<Vec<Archive>> {
        self.read_meta(|meta| {
            let sql = format!(
                "SELECT release, sum(files), max(created) FROM ( \
                 SELECT b.release, (SELECT count(*) FROM bundle_files f WHERE f.bundle_id = b.id) AS files, b.created \
                 FROM bundles b WHERE b.org_id = ?1 AND b.release != '' \
                 AND EXISTS (SELECT 1 FROM bundle_projects p WHERE p.bundle_id = b.id AND p.{0}) \
                 UNION ALL SELECT r.version, 1, f.created FROM release_files f JOIN releases r ON r.id = f.release_id \
                 WHERE r.org_id = ?1 AND {1}) \
                 WHERE instr(release, ?2) > 0 GROUP BY release ORDER BY max(created) DESC, release",
                issues::in_scope(scope),
                of_release(scope)
            );
            let mut statement = meta.prepare_cached(&sql)?;
            let rows = statement.query_map(params![org, part], |row| {
                Ok(Archive { release: row.get(0)?, files: row.get(1)?, created: row.get(2)? })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn delete_archive(&self, org: OrgId, scope: &ProjectScope, release: &str) -> Result<bool> {
        let mut writer = self.writer();
        let transaction = writer.meta.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let gone = delete_archive(&transaction, org, scope, release)?;
        transaction.commit()?;
        Ok(gone)
    }
}

fn delete_archive(meta: &Connection, org: OrgId, scope: &ProjectScope, release: &str) -> Result<bool> {
    let sql = format!(
        "DELETE FROM bundle_projects WHERE {} AND bundle_id IN \
         (SELECT id FROM bundles WHERE org_id = ?1 AND release = ?2)",
        issues::in_scope(scope)
    );
    let shared = meta.execute(&sql, params![org, release])?;
    meta.execute(
        "DELETE FROM bundles WHERE org_id = ?1 AND release = ?2 \
         AND NOT EXISTS (SELECT 1 FROM bundle_projects p WHERE p.bundle_id = bundles.id)",
        params![org, release],
    )?;
    let sql = format!(
        "DELETE FROM release_files WHERE release_id IN \
         (SELECT r.id FROM releases r WHERE r.org_id = ?1 AND r.version = ?2 AND {})",
        of_release(scope)
    );
    let single = meta.execute(&sql, params![org, release])?;
    Ok(shared + single > 0)
}

/// Whether a release `r` is one of the projects'.
fn of_release(scope: &ProjectScope) -> String {
    format!(
        "EXISTS (SELECT 1 FROM release_projects o WHERE o.release_id = r.id AND o.{})",
        issues::in_scope(scope)
    )
}
