//! Issues of another server.

use rusqlite::{Connection, TransactionBehavior, params};

use super::hashes;
use crate::store::{IMPORTED, ImportedIssue, IssueId, Result};

/// The issue, and whether it is new: one of its hashes may lead to an issue already, which then has all of them.
pub(super) fn issue(meta: &mut Connection, new: &ImportedIssue) -> Result<(IssueId, bool)> {
    let transaction = meta.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let known = hashes::owner(&transaction, new.project, &new.hashes)?;
    let issue = match known {
        Some(issue) => issue,
        None => create(&transaction, new)?,
    };
    for hash in &new.hashes {
        let sql = "INSERT OR IGNORE INTO issue_hashes (project_id, hash, issue_id, config, basis, created) \
                   VALUES (?1, ?2, ?3, ?4, 'imported', ?5)";
        transaction.prepare_cached(sql)?.execute(params![
            new.project,
            hash,
            issue,
            IMPORTED,
            new.imported
        ])?;
    }
    transaction.commit()?;
    Ok((issue, known.is_none()))
}

fn create(meta: &Connection, new: &ImportedIssue) -> Result<IssueId> {
    let number: i64 = meta.query_row(
        "UPDATE projects SET last_number = last_number + 1 WHERE id = ?1 RETURNING last_number",
        [new.project],
        |row| row.get(0),
    )?;
    meta.execute(
        "INSERT INTO issues (id, project_id, number, title, culprit, kind, metadata, level, platform, logger, unhandled, \
         substatus, first_seen, last_seen, events, users) \
         SELECT 1 + max(coalesce((SELECT max(id) FROM issues), 0), (SELECT id FROM last_deleted_issue)), \
         ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, 'ongoing', ?10, ?11, ?12, ?13",
        params![
            new.project,
            number,
            new.title,
            new.culprit,
            new.kind,
            new.metadata,
            new.level,
            new.platform,
            new.logger,
            new.first_seen,
            new.last_seen,
            new.events,
            new.users,
        ],
    )?;
    Ok(meta.last_insert_rowid())
}
