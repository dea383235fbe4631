//! Deciding, inside a batch's transaction, whether an event is new and which issue it belongs to.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::hashes;
use crate::store::{IssueId, NewEvent, NewGroup, NewItem, ProjectId, Result};

/// Issues looked up or made by the batch so far.
#[derive(Debug, Default)]
pub(super) struct Claims {
    issues: HashMap<(ProjectId, [u8; 16]), IssueId>,
    pub(super) created: usize,
}

/// Takes the event's id for its project; false when an event with it is counted already.
pub(super) fn take_id(meta: &Connection, event: &NewEvent, day: i64) -> Result<bool> {
    let mut statement = meta.prepare_cached(
        "INSERT OR IGNORE INTO event_keys (project_id, event_id, day, seq) VALUES (?1, ?2, ?3, ?4)",
    )?;
    Ok(statement.execute(params![event.project, event.event_id, day, event.seq as i64])? == 1)
}

/// Whether the event that an item came with is counted from another envelope: the item is a second copy then.
pub(super) fn is_copy(meta: &Connection, item: &NewItem) -> Result<bool> {
    let Some(event_id) = &item.event_id else { return Ok(false) };
    let first: Option<i64> = meta
        .prepare_cached("SELECT seq FROM event_keys WHERE project_id = ?1 AND event_id = ?2")?
        .query_row(params![item.project, event_id], |row| row.get(0))
        .optional()?;
    // Numbers of one envelope differ in their low bits only.
    Ok(first.is_some_and(|seq| seq as u64 / NewItem::PER_ENVELOPE != item.seq / NewItem::PER_ENVELOPE))
}

impl Claims {
    /// The issue of an event: that of the first hash which has one, else a new one. All hashes lead to it afterwards but
    /// the old ones.
    pub(super) fn issue(&mut self, meta: &Connection, event: &NewEvent, group: &NewGroup) -> Result<IssueId> {
        if let [hash] = group.hashes[..]
            && let Some(issue) = self.issues.get(&(event.project, hash))
        {
            return Ok(*issue);
        }
        let mut known = None;
        for hash in &group.hashes {
            known = self.look_up(meta, event.project, hash)?;
            if known.is_some() {
                break;
            }
        }
        // Rules changed: the issue is known by what the old ones made of such events.
        for hash in &group.old_hashes {
            if known.is_some() {
                break;
            }
            known = self.look_up(meta, event.project, hash)?;
        }
        let issue = match known {
            Some(issue) => issue,
            None => {
                self.created += 1;
                create(meta, event, group)?
            }
        };
        for (place, hash) in group.hashes.iter().enumerate() {
            if !self.issues.contains_key(&(event.project, *hash)) {
                hashes::attach(meta, event, group, place, issue)?;
                let owner = self.look_up(meta, event.project, hash)?.unwrap_or(issue);
                self.issues.insert((event.project, *hash), owner);
            }
        }
        Ok(issue)
    }

    fn look_up(&self, meta: &Connection, project: ProjectId, hash: &[u8; 16]) -> Result<Option<IssueId>> {
        if let Some(issue) = self.issues.get(&(project, *hash)) {
            return Ok(Some(*issue));
        }
        let mut statement =
            meta.prepare_cached("SELECT issue_id FROM issue_hashes WHERE project_id = ?1 AND hash = ?2")?;
        Ok(statement.query_row(params![project, hash], |row| row.get(0)).optional()?)
    }
}

/// An issue without events yet; the batch's delta adds them.
fn create(meta: &Connection, event: &NewEvent, group: &NewGroup) -> Result<IssueId> {
    let number: i64 = meta
        .prepare_cached(
            "UPDATE projects SET last_number = last_number + 1 WHERE id = ?1 RETURNING last_number",
        )?
        .query_row([event.project], |row| row.get(0))?;
    meta.prepare_cached(
        "INSERT INTO issues (id, project_id, number, title, culprit, kind, metadata, level, platform, logger, unhandled, \
         substatus, first_seen, last_seen, events, users, first_release) \
         VALUES (1 + max((SELECT coalesce(max(id), 0) FROM issues), (SELECT id FROM last_deleted_issue)), \
         ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'new', ?11, ?11, 0, 0, ?12)",
    )?
    .execute(params![
        event.project,
        number,
        event.title,
        event.culprit,
        group.kind,
        group.metadata,
        event.level,
        group.platform,
        group.logger,
        group.unhandled,
        event.timestamp,
        group.release,
    ])?;
    Ok(meta.last_insert_rowid())
}
