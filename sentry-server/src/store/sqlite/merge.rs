//! Issues that become one, or go.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use serde_json::json;

use super::days::Days;
use super::{Writer, events, forget, hashes, issues, removal, tags, triage};
use crate::instant::Micros;
use crate::store::{IssueId, NewEvent, ProjectScope, Result, UserId};

/// Day files first, `meta.db` last: after a crash in between the merge is not there, and can be asked for again.
pub(super) fn merge(
    writer: &mut Writer,
    days: &Days,
    scope: &ProjectScope,
    (into, others): (IssueId, &[IssueId]),
    (by, now): (Option<UserId>, Micros),
) -> Result<bool> {
    let Some(parent) = issues::by_id(&writer.meta, scope, into)? else { return Ok(false) };
    for id in others {
        let same =
            issues::by_id(&writer.meta, scope, *id)?.is_some_and(|child| child.project == parent.project);
        if !same || *id == into {
            return Ok(false);
        }
    }
    for id in others {
        for day in events::issue_days(&writer.meta, *id)? {
            let file = &days.writer(&mut writer.days, day)?.file;
            file.execute("UPDATE events SET issue_id = ?2 WHERE issue_id = ?1", [*id, into])?;
        }
    }
    let transaction = writer.meta.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for id in others {
        absorb(&transaction, *id, into)?;
        triage::record(&transaction, into, "merge", by, &json!({ "issue": id.to_string() }), now)?;
    }
    transaction.commit()?;
    Ok(true)
}

/// Adds everything of an issue to another, and removes it.
fn absorb(meta: &Connection, from: IssueId, into: IssueId) -> Result<()> {
    for (table, key) in [("issue_hours", "hour"), ("issue_days", "day")] {
        let sql = format!(
            "INSERT INTO {table} (issue_id, {key}, events) SELECT ?2, {key}, events FROM {table} WHERE issue_id = ?1 \
             ON CONFLICT DO UPDATE SET events = events + excluded.events"
        );
        meta.execute(&sql, [from, into])?;
    }
    meta.execute(
        "INSERT OR IGNORE INTO issue_users SELECT ?2, user FROM issue_users WHERE issue_id = ?1",
        [from, into],
    )?;
    for issue in [from, into] {
        tags::spread(meta, issue)?;
    }
    meta.execute(
        "INSERT INTO issue_tags (issue_id, key, value, events, first_seen, last_seen) \
         SELECT ?2, key, value, events, first_seen, last_seen FROM issue_tags WHERE issue_id = ?1 \
         ON CONFLICT DO UPDATE SET events = events + excluded.events, \
         first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen)",
        [from, into],
    )?;
    meta.execute(
        "INSERT INTO issue_tag_keys (issue_id, key, events, uniques) \
         SELECT ?2, key, events, uniques FROM issue_tag_keys WHERE issue_id = ?1 \
         ON CONFLICT DO UPDATE SET events = events + excluded.events",
        [from, into],
    )?;
    meta.execute(
        "UPDATE issue_tag_keys SET uniques = (SELECT count(*) FROM issue_tags t WHERE t.issue_id = ?1 \
         AND t.key = issue_tag_keys.key) WHERE issue_id = ?1",
        [into],
    )?;
    tags::gather(meta, into)?;
    meta.execute("UPDATE issue_hashes SET issue_id = ?2 WHERE issue_id = ?1", [from, into])?;
    meta.execute("UPDATE issue_activity SET issue_id = ?2 WHERE issue_id = ?1", [from, into])?;
    meta.execute(
        "UPDATE issues SET events = issues.events + f.events, first_seen = min(issues.first_seen, f.first_seen), \
         first_release = iif(f.first_seen < issues.first_seen, f.first_release, issues.first_release), \
         last_release = iif(f.last_seen > issues.last_seen, f.last_release, issues.last_release), \
         last_seen = max(issues.last_seen, f.last_seen), unhandled = max(issues.unhandled, f.unhandled), \
         users = (SELECT count(*) FROM issue_users u WHERE u.issue_id = ?2) \
         FROM issues f WHERE issues.id = ?2 AND f.id = ?1",
        [from, into],
    )?;
    forget::issue(meta, from)
}

pub(super) fn delete(
    meta: &mut Connection,
    scope: &ProjectScope,
    ids: &[IssueId],
    discard: bool,
    now: Micros,
) -> Result<usize> {
    let transaction = meta.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut deleted = 0;
    for id in ids {
        let Some(issue) = issues::by_id(&transaction, scope, *id)? else { continue };
        if discard {
            for hash in hashes::list(&transaction, *id)?.iter().map(|hash| hash.hash) {
                transaction.execute(
                    "INSERT OR IGNORE INTO discarded_hashes (project_id, hash, title, created) VALUES (?1, ?2, ?3, ?4)",
                    params![issue.project, hash, issue.title, now],
                )?;
            }
        }
        removal::note_issue(&transaction, issue.project, *id)?;
        forget::issue(&transaction, *id)?;
        deleted += 1;
    }
    transaction.commit()?;
    Ok(deleted)
}

/// Whether there is anything that is turned away.
pub(super) fn any_discarded(meta: &Connection) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM discarded_hashes)";
    Ok(meta.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// Whether an event is like one that nobody wants any more.
pub(super) fn is_discarded(meta: &Connection, event: &NewEvent) -> Result<bool> {
    let Some(group) = &event.group else { return Ok(false) };
    let mut statement =
        meta.prepare_cached("SELECT 1 FROM discarded_hashes WHERE project_id = ?1 AND hash = ?2")?;
    for hash in group.hashes.iter().chain(&group.old_hashes) {
        if statement.query_row(params![event.project, hash], |_| Ok(())).optional()?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
