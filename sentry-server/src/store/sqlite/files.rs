//! Uploaded files: pieces, whole files, bundles, files of releases, debug files.

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::SqliteStore;
use crate::instant::Micros;
use crate::store::{
    BlobHash, DebugFile, DebugKey, Files, FoundFile, NewBundle, OrgId, ProjectId, ReleaseFile, Result, Sha1,
};

impl Files for SqliteStore {
    fn known_chunks(&self, org: OrgId, chunks: &[Sha1]) -> Result<Vec<Sha1>> {
        self.read_meta(|meta| {
            let mut statement =
                meta.prepare_cached("SELECT 1 FROM chunks WHERE org_id = ?1 AND sha1 = ?2")?;
            let mut known = Vec::new();
            for chunk in chunks {
                if statement.exists(params![org, chunk])? {
                    known.push(*chunk);
                }
            }
            Ok(known)
        })
    }

    fn add_chunk(&self, org: OrgId, chunk: &Sha1, size: u64, now: Micros) -> Result<()> {
        self.write_meta(|meta| {
            let sql = "INSERT INTO chunks (org_id, sha1, size, created) VALUES (?1, ?2, ?3, ?4) \
                       ON CONFLICT DO UPDATE SET created = excluded.created";
            meta.prepare_cached(sql)?.execute(params![org, chunk, size as i64, now])?;
            Ok(())
        })
    }

    fn chunk_bytes(&self) -> Result<u64> {
        self.read_meta(|meta| sum(meta, "SELECT coalesce(sum(size), 0) FROM chunks"))
    }

    fn expire_chunks(&self, before: Micros) -> Result<Vec<(OrgId, Sha1)>> {
        self.write_meta(|meta| {
            let mut statement = meta.prepare_cached(
                "DELETE FROM chunks WHERE (org_id, sha1) IN (SELECT org_id, sha1 FROM chunks WHERE created < ?1 \
                 LIMIT 1000) RETURNING org_id, sha1",
            )?;
            let rows = statement.query_map([before], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn forget_chunks(&self, org: OrgId, chunks: &[Sha1]) -> Result<()> {
        let mut writer = self.writer();
        let transaction = writer.meta.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for chunk in chunks {
            let sql = "DELETE FROM chunks WHERE org_id = ?1 AND sha1 = ?2";
            transaction.prepare_cached(sql)?.execute(params![org, chunk])?;
        }
        Ok(transaction.commit()?)
    }

    fn blob_bytes(&self) -> Result<u64> {
        self.read_meta(|meta| sum(meta, "SELECT coalesce(sum(size), 0) FROM blobs"))
    }

    fn blobs(&self) -> Result<Vec<(BlobHash, u64)>> {
        self.read_meta(|meta| {
            let mut statement = meta.prepare(
                "SELECT hash, size FROM blobs WHERE id IN (SELECT blob_id FROM bundles UNION \
                 SELECT blob_id FROM release_files UNION SELECT blob_id FROM debug_files)",
            )?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn expire_blobs(&self, before: Micros) -> Result<Vec<BlobHash>> {
        self.write_meta(|meta| {
            let mut statement = meta.prepare_cached(
                "DELETE FROM blobs WHERE created < ?1 AND id NOT IN (SELECT blob_id FROM bundles) \
                 AND id NOT IN (SELECT blob_id FROM release_files) AND id NOT IN (SELECT blob_id FROM debug_files) \
                 RETURNING hash",
            )?;
            Ok(statement.query_map([before], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn add_bundle(&self, bundle: &NewBundle) -> Result<()> {
        add_bundle(&mut self.writer().meta, bundle)
    }

    fn share_bundle(
        &self,
        org: OrgId,
        sha1: &Sha1,
        release: Option<&str>,
        dist: Option<&str>,
        projects: &[ProjectId],
    ) -> Result<bool> {
        self.write_meta(|meta| {
            let sql = "SELECT id FROM bundles WHERE org_id = ?1 AND sha1 = ?2 AND release = ?3 AND dist = ?4";
            let (release, dist) = (release.unwrap_or_default(), dist.unwrap_or_default());
            let id: Option<i64> = meta
                .prepare_cached(sql)?
                .query_row(params![org, sha1, release, dist], |row| row.get(0))
                .optional()?;
            let Some(id) = id else { return Ok(false) };
            for project in projects {
                let sql = "INSERT OR IGNORE INTO bundle_projects (bundle_id, project_id) VALUES (?1, ?2)";
                meta.prepare_cached(sql)?.execute([id, *project])?;
            }
            Ok(true)
        })
    }

    fn by_debug_id(&self, project: ProjectId, debug_id: &DebugKey, kind: &str) -> Result<Option<FoundFile>> {
        self.read_meta(|meta| {
            let mut statement = meta.prepare_cached(
                "SELECT l.hash, f.path, f.url, f.source_map FROM bundle_files f \
                 JOIN bundles b ON b.id = f.bundle_id JOIN blobs l ON l.id = b.blob_id \
                 JOIN bundle_projects p ON p.bundle_id = b.id AND p.project_id = ?1 \
                 WHERE f.debug_id = ?2 AND f.kind = ?3 ORDER BY b.id DESC LIMIT 1",
            )?;
            Ok(statement.query_row(params![project, debug_id, kind], found).optional()?)
        })
    }

    fn by_url(
        &self,
        project: ProjectId,
        release: &str,
        dist: Option<&str>,
        urls: &[String],
    ) -> Result<Option<FoundFile>> {
        self.read_meta(|meta| {
            let mut own = meta.prepare_cached(
                "SELECT l.hash, NULL, f.name, coalesce(f.headers ->> '$.sourcemap', f.headers ->> '$.x-sourcemap') \
                 FROM release_files f JOIN releases r ON r.id = f.release_id JOIN blobs l ON l.id = f.blob_id \
                 JOIN projects p ON p.org_id = r.org_id AND p.id = ?1 \
                 WHERE r.version = ?2 AND f.name = ?3 AND f.dist = ?4 ORDER BY f.id DESC LIMIT 1",
            )?;
            let mut bundled = meta.prepare_cached(
                "SELECT l.hash, f.path, f.url, f.source_map FROM bundle_files f \
                 JOIN bundles b ON b.id = f.bundle_id JOIN blobs l ON l.id = b.blob_id \
                 JOIN bundle_projects p ON p.bundle_id = b.id AND p.project_id = ?1 \
                 WHERE f.url = ?3 AND b.release = ?2 AND b.dist = ?4 ORDER BY b.id DESC LIMIT 1",
            )?;
            let dist = dist.unwrap_or_default();
            for url in urls {
                for statement in [&mut bundled, &mut own] {
                    let file = statement.query_row(params![project, release, url, dist], found).optional()?;
                    if file.is_some() {
                        return Ok(file);
                    }
                }
            }
            Ok(None)
        })
    }

    fn count_release_files(&self, project: ProjectId, release: &str) -> Result<i64> {
        self.read_meta(|meta| {
            let mut statement = meta.prepare_cached(
                "SELECT (SELECT count(*) FROM bundles b JOIN bundle_projects p ON p.bundle_id = b.id \
                 JOIN bundle_files f ON f.bundle_id = b.id WHERE p.project_id = ?1 AND b.release = ?2) + \
                 (SELECT count(*) FROM release_files f JOIN releases r ON r.id = f.release_id \
                 JOIN projects p ON p.org_id = r.org_id WHERE p.id = ?1 AND r.version = ?2)",
            )?;
            Ok(statement.query_row(params![project, release], |row| row.get(0))?)
        })
    }

    fn add_release_file(&self, release: i64, file: &ReleaseFile) -> Result<Option<i64>> {
        self.write_meta(|meta| {
            let blob = blob(meta, &file.blob, file.size as u64, file.created)?;
            let dist = file.dist.as_deref().unwrap_or_default();
            let added = meta.execute(
                "INSERT OR IGNORE INTO release_files (release_id, blob_id, sha1, name, dist, headers, size, created) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![release, blob, file.sha1, file.name, dist, file.headers, file.size, file.created],
            )?;
            Ok((added > 0).then(|| meta.last_insert_rowid()))
        })
    }

    fn release_files(&self, release: i64) -> Result<Vec<ReleaseFile>> {
        self.read_meta(|meta| {
            let mut statement = meta.prepare_cached(
                "SELECT f.id, l.hash, f.sha1, f.name, nullif(f.dist, ''), f.headers, f.size, f.created \
                 FROM release_files f JOIN blobs l ON l.id = f.blob_id WHERE f.release_id = ?1 ORDER BY f.id",
            )?;
            let rows = statement.query_map([release], |row| {
                Ok(ReleaseFile {
                    id: row.get(0)?,
                    blob: row.get(1)?,
                    sha1: row.get(2)?,
                    name: row.get(3)?,
                    dist: row.get(4)?,
                    headers: row.get(5)?,
                    size: row.get(6)?,
                    created: row.get(7)?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn delete_release_file(&self, release: i64, id: i64) -> Result<bool> {
        self.write_meta(|meta| {
            Ok(meta.execute("DELETE FROM release_files WHERE release_id = ?1 AND id = ?2", [release, id])?
                > 0)
        })
    }

    fn add_debug_file(&self, project: ProjectId, file: &DebugFile) -> Result<()> {
        self.write_meta(|meta| {
            let blob = blob(meta, &file.blob, file.size as u64, file.created)?;
            meta.execute(
                "INSERT OR IGNORE INTO debug_files (project_id, blob_id, sha1, debug_id, code_id, kind, cpu, name, \
                 features, size, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                params![
                    project,
                    blob,
                    file.sha1,
                    file.debug_id,
                    file.code_id,
                    file.kind,
                    file.cpu,
                    file.name,
                    file.features.join(" "),
                    file.size,
                    file.created,
                ],
            )?;
            Ok(())
        })
    }

    fn debug_files(&self, project: ProjectId) -> Result<Vec<DebugFile>> {
        self.read_meta(|meta| debug_files(meta, "?2 IS NULL", project, None::<i64>))
    }

    fn debug_files_by_sha1(&self, project: ProjectId, sha1: &Sha1) -> Result<Vec<DebugFile>> {
        self.read_meta(|meta| debug_files(meta, "f.sha1 = ?2", project, sha1))
    }

    fn debug_files_by_id(&self, project: ProjectId, debug_id: &str) -> Result<Vec<DebugFile>> {
        self.read_meta(|meta| debug_files(meta, "f.debug_id = ?2", project, debug_id))
    }

    fn delete_debug_file(&self, project: ProjectId, id: i64) -> Result<bool> {
        self.write_meta(|meta| {
            Ok(meta.execute("DELETE FROM debug_files WHERE project_id = ?1 AND id = ?2", [project, id])? > 0)
        })
    }
}

fn add_bundle(meta: &mut Connection, new: &NewBundle) -> Result<()> {
    let transaction = meta.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let blob = blob(&transaction, &new.blob, new.size, new.created)?;
    let release = new.release.as_deref().unwrap_or_default();
    let dist = new.dist.as_deref().unwrap_or_default();
    // Uploaded again: as if it were new, so that the newest upload is the one that counts.
    transaction.execute(
        "DELETE FROM bundles WHERE org_id = ?1 AND sha1 = ?2 AND release = ?3 AND dist = ?4",
        params![new.org, new.sha1, release, dist],
    )?;
    transaction.execute(
        "INSERT INTO bundles (org_id, blob_id, sha1, release, dist, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![new.org, blob, new.sha1, release, dist, new.created],
    )?;
    let id = transaction.last_insert_rowid();
    for project in &new.projects {
        let sql = "INSERT OR IGNORE INTO bundle_projects (bundle_id, project_id) VALUES (?1, ?2)";
        transaction.execute(sql, [id, *project])?;
    }
    {
        let mut insert = transaction.prepare_cached(
            "INSERT OR IGNORE INTO bundle_files (bundle_id, path, url, kind, debug_id, source_map) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        for file in &new.files {
            insert.execute(params![id, file.path, file.url, file.kind, file.debug_id, file.source_map])?;
        }
    }
    Ok(transaction.commit()?)
}

/// The row of a whole file, made when there is none.
fn blob(meta: &Connection, hash: &BlobHash, size: u64, now: Micros) -> Result<i64> {
    let sql = "INSERT INTO blobs (hash, size, created) VALUES (?1, ?2, ?3) \
               ON CONFLICT DO UPDATE SET created = excluded.created RETURNING id";
    Ok(meta.query_row(sql, params![hash, size as i64, now], |row| row.get(0))?)
}

fn sum(meta: &Connection, sql: &'static str) -> Result<u64> {
    let bytes: i64 = meta.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    Ok(bytes.unsigned_abs())
}

fn found(row: &Row<'_>) -> rusqlite::Result<FoundFile> {
    Ok(FoundFile { blob: row.get(0)?, path: row.get(1)?, url: row.get(2)?, source_map: row.get(3)? })
}

fn debug_files(
    meta: &Connection,
    condition: &'static str,
    project: ProjectId,
    argument: impl rusqlite::ToSql,
) -> Result<Vec<DebugFile>> {
    let sql = format!(
        "SELECT f.id, l.hash, f.sha1, f.debug_id, f.code_id, f.kind, f.cpu, f.name, f.features, f.size, f.created \
         FROM debug_files f JOIN blobs l ON l.id = f.blob_id WHERE f.project_id = ?1 AND {condition} ORDER BY f.id DESC"
    );
    let mut statement = meta.prepare_cached(&sql)?;
    let rows = statement.query_map(params![project, argument], |row| {
        let features: String = row.get(8)?;
        Ok(DebugFile {
            id: row.get(0)?,
            blob: row.get(1)?,
            sha1: row.get(2)?,
            debug_id: row.get(3)?,
            code_id: row.get(4)?,
            kind: row.get(5)?,
            cpu: row.get(6)?,
            name: row.get(7)?,
            features: features.split_whitespace().map(str::to_owned).collect(),
            size: row.get(9)?,
            created: row.get(10)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
