//! Grouping as it was done, and changes to it.

use std::collections::HashMap;

use super::{SqliteStore, events, hashes, import, unmerge};
use crate::instant::Micros;
use crate::store::{
    EventKey, Grouped, ImportedIssue, IssueHash, IssueId, ProjectId, ProjectScope, Result, Tombstone,
    Unmerged, UserId,
};

impl Grouped for SqliteStore {
    fn import_issue(&self, issue: &ImportedIssue) -> Result<(IssueId, bool)> {
        import::issue(&mut self.writer().meta, issue)
    }

    fn event_grouping(&self, scope: &ProjectScope, event_id: &EventKey) -> Result<Option<Vec<u8>>> {
        self.read_meta(|meta| hashes::tree(meta, &self.days, scope, event_id))
    }

    fn issue_hashes(&self, issue: IssueId) -> Result<Vec<IssueHash>> {
        self.read_meta(|meta| hashes::list(meta, issue))
    }

    fn latest_by_hash(&self, issue: IssueId) -> Result<HashMap<[u8; 16], EventKey>> {
        let days = self.read_meta(|meta| events::issue_days(meta, issue))?;
        hashes::latest(&self.days, &days, issue)
    }

    fn issue_of_hashes(&self, project: ProjectId, all: &[[u8; 16]]) -> Result<Option<IssueId>> {
        self.read_meta(|meta| hashes::owner(meta, project, all))
    }

    fn unmerge(
        &self,
        issue: IssueId,
        gone: &[[u8; 16]],
        by: Option<UserId>,
        now: Micros,
    ) -> Result<Unmerged> {
        unmerge::unmerge(&mut self.writer(), &self.days, issue, gone, (by, now))
    }

    fn similar_issues(&self, issue: IssueId, limit: usize) -> Result<Vec<(IssueId, f64)>> {
        self.read_meta(|meta| hashes::similar(meta, issue, limit))
    }

    fn tombstones(&self, project: ProjectId) -> Result<Vec<Tombstone>> {
        self.read_meta(|meta| hashes::tombstones(meta, project))
    }

    fn delete_tombstone(&self, project: ProjectId, id: &[u8; 16]) -> Result<bool> {
        self.write_meta(|meta| hashes::delete_tombstone(meta, project, id))
    }
}
