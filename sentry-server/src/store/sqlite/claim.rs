//! Deciding, inside a batch's transaction, whether an event is new and which issue it belongs to.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::hashes::{self, Bands};
use crate::store::{IssueId, NewEvent, NewGroup, NewItem, ProjectId, Result};

/// Where hashes lead that earlier batches met. Whoever else changes the file forgets it.
#[derive(Debug, Default)]
pub(super) struct Known {
    issues: HashMap<(ProjectId, [u8; 16]), IssueId>,
    /// What `meta.db` was at: another process may change it.
    version: i64,
}

impl Known {
    pub(super) fn forget(&mut self) {
        self.issues.clear();
    }

    /// Forgets everything if another process wrote to the file; within the transaction in which it is asked.
    pub(super) fn refresh(&mut self, meta: &Connection) -> Result<()> {
        let version = meta.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        if version != self.version {
            self.version = version;
            self.forget();
        }
        Ok(())
    }

    /// Takes over what a batch met, once it is committed.
    pub(super) fn learn(&mut self, met: HashMap<(ProjectId, [u8; 16]), IssueId>) {
        if self.issues.len() + met.len() > MAX_KNOWN {
            self.forget();
        }
        if met.len() <= MAX_KNOWN {
            self.issues.extend(met);
        }
    }
}

/// Issues looked up or made by the batch so far.
#[derive(Debug)]
pub(super) struct Claims<'a> {
    known: &'a Known,
    issues: HashMap<(ProjectId, [u8; 16]), IssueId>,
    /// The issues that the batch makes, with their numbers in their projects; [`Delta`](super::delta::Delta) writes them.
    fresh: HashMap<IssueId, i64>,
    /// The id of the issue that is made next, once it was looked up.
    next_id: Option<IssueId>,
    /// The number that was given out last in each project.
    last_numbers: HashMap<ProjectId, i64>,
    bands: Bands,
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

impl<'a> Claims<'a> {
    pub(super) fn new(known: &'a Known) -> Self {
        Self {
            known,
            issues: HashMap::new(),
            fresh: HashMap::new(),
            next_id: None,
            last_numbers: HashMap::new(),
            bands: Bands::new(),
        }
    }

    /// The issue of an event: that of the first hash which has one, else a new one. All hashes lead to it afterwards but
    /// the old ones.
    pub(super) fn issue(&mut self, meta: &Connection, event: &NewEvent, group: &NewGroup) -> Result<IssueId> {
        if let [hash] = group.hashes[..]
            && let Some(issue) = self.met(event.project, &hash)
        {
            return Ok(issue);
        }
        let mut known = None;
        // Before this one the hashes lead nowhere.
        let mut rank = group.hashes.len();
        for (place, hash) in group.hashes.iter().enumerate() {
            known = self.look_up(meta, event.project, hash)?;
            if known.is_some() {
                rank = place;
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
            None => self.create(meta, event.project)?,
        };
        for (place, hash) in group.hashes.iter().enumerate() {
            if self.met(event.project, hash).is_some() {
                continue;
            }
            let is_new = place != rank && hashes::attach(meta, event, group, place, issue, &mut self.bands)?;
            let owner = if is_new || place == rank {
                issue
            } else {
                self.look_up(meta, event.project, hash)?.unwrap_or(issue)
            };
            self.issues.insert((event.project, *hash), owner);
        }
        Ok(issue)
    }

    /// The number of an issue that the batch makes.
    pub(super) fn fresh(&self, issue: IssueId) -> Option<i64> {
        self.fresh.get(&issue).copied()
    }

    /// How many issues the batch makes.
    pub(super) fn created(&self) -> usize {
        self.fresh.len()
    }

    /// Stores which numbers are given out, and the bands of hashes; where the hashes lead that were met.
    pub(super) fn write(self, meta: &Connection) -> Result<HashMap<(ProjectId, [u8; 16]), IssueId>> {
        hashes::write_bands(meta, self.bands)?;
        let mut statement = meta.prepare_cached("UPDATE projects SET last_number = ?2 WHERE id = ?1")?;
        for (project, number) in &self.last_numbers {
            statement.execute(params![project, number])?;
        }
        Ok(self.issues)
    }

    /// Where a hash leads, as far as this batch and earlier ones know.
    fn met(&self, project: ProjectId, hash: &[u8; 16]) -> Option<IssueId> {
        let place = (project, *hash);
        self.issues.get(&place).or_else(|| self.known.issues.get(&place)).copied()
    }

    fn look_up(&self, meta: &Connection, project: ProjectId, hash: &[u8; 16]) -> Result<Option<IssueId>> {
        if let Some(issue) = self.met(project, hash) {
            return Ok(Some(issue));
        }
        let mut statement =
            meta.prepare_cached("SELECT issue_id FROM issue_hashes WHERE project_id = ?1 AND hash = ?2")?;
        Ok(statement.query_row(params![project, hash], |row| row.get(0)).optional()?)
    }

    /// Takes an id and a number for an issue, whose row comes with the batch's delta.
    fn create(&mut self, meta: &Connection, project: ProjectId) -> Result<IssueId> {
        let number = match self.last_numbers.get(&project) {
            Some(number) => number + 1,
            None => {
                let mut last = meta.prepare_cached("SELECT last_number FROM projects WHERE id = ?1")?;
                last.query_row([project], |row| row.get::<_, i64>(0))? + 1
            }
        };
        let id = match self.next_id {
            Some(id) => id,
            None => meta
                .prepare_cached(
                    "SELECT 1 + max((SELECT coalesce(max(id), 0) FROM issues), (SELECT id FROM last_deleted_issue))",
                )?
                .query_row([], |row| row.get(0))?,
        };
        self.last_numbers.insert(project, number);
        self.next_id = Some(id + 1);
        self.fresh.insert(id, number);
        Ok(id)
    }
}

/// Some 50 bytes each.
const MAX_KNOWN: usize = 100_000;
