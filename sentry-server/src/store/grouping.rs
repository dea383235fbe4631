//! How events came to their issues, and how issues are taken apart.

use std::collections::HashMap;

use super::{EventKey, IssueId, ProjectId, ProjectScope, Result, UserId};
use crate::instant::Micros;

/// A hash that leads to an issue.
#[derive(Debug, Clone)]
pub(crate) struct IssueHash {
    pub(crate) hash: [u8; 16],
    /// The version of the rules that made it; unknown for hashes of old folders.
    pub(crate) config: Option<String>,
    pub(crate) basis: Option<String>,
    pub(crate) first_event: Option<EventKey>,
    pub(crate) created: Option<Micros>,
}

/// What taking hashes from an issue did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unmerged {
    /// Nothing: the issue would have none left.
    NoneLeft,
    /// The hashes lead nowhere now; the issue had no events of theirs.
    Detached,
    /// Their events are an issue of their own.
    Into(IssueId),
}

/// What is not wanted any more.
#[derive(Debug, Clone)]
pub(crate) struct Tombstone {
    /// Its first hash.
    pub(crate) id: [u8; 16],
    pub(crate) title: String,
    pub(crate) created: Micros,
}

/// The configuration under which hashes of an imported issue are kept.
pub(crate) const IMPORTED: &str = "sentry-md5";

/// An issue of another server.
#[derive(Debug, Clone)]
pub(crate) struct ImportedIssue {
    pub(crate) project: ProjectId,
    pub(crate) title: String,
    pub(crate) culprit: String,
    pub(crate) kind: String,
    /// JSON object.
    pub(crate) metadata: String,
    pub(crate) level: String,
    pub(crate) platform: String,
    pub(crate) logger: Option<String>,
    pub(crate) first_seen: Micros,
    pub(crate) last_seen: Micros,
    pub(crate) events: i64,
    pub(crate) users: i64,
    /// By which that server knew it.
    pub(crate) hashes: Vec<[u8; 16]>,
    pub(crate) imported: Micros,
}

/// Grouping as it was done, and changes to it.
pub(crate) trait Grouped {
    /// Keeps an issue with its hashes; the one that they lead to already, if they do, and then false.
    fn import_issue(&self, issue: &ImportedIssue) -> Result<(IssueId, bool)>;
    /// Why an event was grouped as it was: JSON of the contribution tree. `None` for events without one.
    fn event_grouping(&self, scope: &ProjectScope, event_id: &EventKey) -> Result<Option<Vec<u8>>>;
    /// In order of their making.
    fn issue_hashes(&self, issue: IssueId) -> Result<Vec<IssueHash>>;
    /// The newest events of an issue by their hash, as far as the newest few thousand events tell.
    fn latest_by_hash(&self, issue: IssueId) -> Result<HashMap<[u8; 16], EventKey>>;
    /// The issue that hashes lead to: that of the first which has one.
    fn issue_of_hashes(&self, project: ProjectId, hashes: &[[u8; 16]]) -> Result<Option<IssueId>>;
    /// Takes hashes from an issue, with their events, all counts, and what is counted for them.
    fn unmerge(
        &self,
        issue: IssueId,
        hashes: &[[u8; 16]],
        by: Option<UserId>,
        now: Micros,
    ) -> Result<Unmerged>;
    /// Issues of the same project that are grouped for like reasons, the most alike first; 0 to 1.
    fn similar_issues(&self, issue: IssueId, limit: usize) -> Result<Vec<(IssueId, f64)>>;
    /// Newest first.
    fn tombstones(&self, project: ProjectId) -> Result<Vec<Tombstone>>;
    /// Lets events in again; false when there is no such tombstone.
    fn delete_tombstone(&self, project: ProjectId, id: &[u8; 16]) -> Result<bool>;
}
