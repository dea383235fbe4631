//! What goes with an issue.

use rusqlite::Connection;

use super::hashes;
use crate::store::{IssueId, Result};

/// Tables whose rows belong to an issue, by their `issue_id`; hashes apart, which [`hashes::drop_of`] knows.
pub(super) const OF_ISSUES: [&str; 8] = [
    "issue_hours",
    "issue_days",
    "issue_users",
    "issue_tag_keys",
    "issue_tags",
    "issue_tag_packs",
    "issue_marks",
    "issue_activity",
];

/// Removes an issue and what is counted for it. Its number is not given to another.
pub(super) fn issue(meta: &Connection, id: IssueId) -> Result<()> {
    hashes::drop_of(meta, id, None)?;
    for table in OF_ISSUES {
        meta.prepare_cached(&format!("DELETE FROM {table} WHERE issue_id = ?1"))?.execute([id])?;
    }
    meta.prepare_cached("UPDATE last_deleted_issue SET id = max(id, ?1)")?.execute([id])?;
    meta.prepare_cached("DELETE FROM issues WHERE id = ?1")?.execute([id])?;
    Ok(())
}
