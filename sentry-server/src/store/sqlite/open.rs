//! Opening database files: pragmas and migrations.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::tags;
use crate::store::{Result, StoreError};

/// What a file's `user_version` counts up to: one entry per migration, oldest first.
pub(super) const META: &[&str] = &[
    include_str!("meta.sql"),
    include_str!("meta_2.sql"),
    include_str!("meta_3.sql"),
    include_str!("access.sql"),
    include_str!("releases.sql"),
    include_str!("files.sql"),
    include_str!("issues.sql"),
    include_str!("grouping.sql"),
    include_str!("removals.sql"),
    include_str!("monitor_environments.sql"),
    include_str!("tags.sql"),
    include_str!("builds.sql"),
    include_str!("tag_packs.sql"),
];
pub(super) const DAY: &[&str] = &[
    include_str!("day.sql"),
    include_str!("day_2.sql"),
    include_str!("day_grouping.sql"),
    include_str!("day_spans.sql"),
    include_str!("day_dictionaries.sql"),
    include_str!("day_trees.sql"),
];

/// Opens for writing, creating and migrating as needed. A commit is on disk when it returns.
pub(super) fn writer(path: &Path, page_bytes: u32, migrations: &[&str]) -> Result<Connection> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(128);
    connection.pragma_update(None, "page_size", page_bytes)?;
    let _: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    // A page of an index or a counter is written by nearly every batch: moved from the log into the file less often, it is moved
    // once for many of them.
    connection.pragma_update(None, "wal_autocheckpoint", (LOG_BYTES / page_bytes).max(LOG_PAGES))?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    tags::define(&connection)?;
    migrate(&mut connection, migrations)?;
    Ok(connection)
}

/// Opens for reading only.
pub(super) fn reader(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "cache_size", -4_096)?;
    tags::define(&connection)?;
    Ok(connection)
}

/// Brings a file up to date; one that is already is only looked at.
pub(super) fn migrated(path: &Path, page_bytes: u32, migrations: &[&str]) -> Result<()> {
    // A file that was cut off while it was made has a journal, which only a writer can undo: a reader is refused.
    let done = reader(path).and_then(|file| version(&file));
    if done.ok() != Some(migrations.len()) {
        writer(path, page_bytes, migrations)?;
    }
    Ok(())
}

fn version(file: &Connection) -> Result<usize> {
    let done: u32 = file.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(done as usize)
}

fn migrate(connection: &mut Connection, migrations: &[&str]) -> Result<()> {
    if version(connection)? == migrations.len() {
        return Ok(());
    }
    // Immediate, so that two processes starting at once do not both migrate.
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let done = version(&transaction)?;
    if done > migrations.len() {
        return Err(StoreError::new(
            "database",
            "written by a newer version of watchpost-server; upgrade it",
        ));
    }
    for migration in &migrations[done..] {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", migrations.len() as u32)?;
    transaction.commit()?;
    Ok(())
}

/// What a connection that writes keeps of its file.
const CACHE_KIB: i64 = 32_768;
/// The log beside a file becomes so long, or as long as one batch makes it; the larger of the two counts.
const LOG_BYTES: u32 = 32 * 1024 * 1024;
const LOG_PAGES: u32 = 1_000;
const BUSY: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_a_journal_to_undo_is_put_right() {
        let folder = tempfile::tempdir().unwrap();
        let (path, cut) = (folder.path().join("day.db"), folder.path().join("cut.db"));
        writer(&path, 4_096, DAY).unwrap();
        let file = Connection::open(&path).unwrap();
        let _: String = file.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0)).unwrap();
        // Pages that do not fit the cache are written before the commit, and the journal is synced before them.
        file.execute_batch("PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN IMMEDIATE").unwrap();
        for id in 0..200 {
            file.execute("INSERT INTO texts (id, text) VALUES (?1, ?2)", (id, "x".repeat(1_000))).unwrap();
        }
        for end in ["", "-journal"] {
            std::fs::copy(format!("{}{end}", path.display()), format!("{}{end}", cut.display())).unwrap();
        }
        let refused = reader(&cut).and_then(|file| version(&file));
        assert!(refused.is_err(), "else this shows nothing: {refused:?}");
        migrated(&cut, 4_096, DAY).unwrap();
        let file = reader(&cut).unwrap();
        assert_eq!(file.query_row("SELECT count(*) FROM texts", [], |row| row.get::<_, i64>(0)).unwrap(), 0);
        assert_eq!(version(&file).unwrap(), DAY.len());
    }
}
