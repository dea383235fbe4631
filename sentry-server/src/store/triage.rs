//! What people do with issues.

use serde_json::Value;

use super::{IssueId, ProjectScope, Result, Status, UserId};
use crate::instant::Micros;

/// What a caller changes on issues; `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct IssueChange {
    pub(crate) status: Option<Status>,
    pub(crate) substatus: Option<String>,
    /// JSON object; goes with the status.
    pub(crate) details: Option<String>,
    pub(crate) wake: Wake,
    /// What resolves it, if the status says so.
    pub(crate) resolution: Resolution,
    /// `user:1` or `team:1`; `Some(None)` takes it from whoever has it.
    pub(crate) assignee: Option<Option<String>>,
    pub(crate) priority: Option<String>,
    pub(crate) bookmarked: Option<bool>,
    pub(crate) seen: Option<bool>,
    pub(crate) subscribed: Option<bool>,
    /// Who changes it.
    pub(crate) by: Option<UserId>,
    pub(crate) at: Micros,
}

/// From when on an issue should not be seen again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Resolution {
    /// From now on.
    #[default]
    AtOnce,
    /// In this release and later ones.
    InRelease(String),
    /// In the project's newest release and later ones.
    InLatest,
    /// In releases after the project's newest.
    InNext,
    /// In releases with this commit.
    InCommit(String),
}

/// When an ignored issue comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Wake {
    pub(crate) at: Option<Micros>,
    /// After so many more.
    pub(crate) events: Option<i64>,
    pub(crate) users: Option<i64>,
}

/// What a caller has marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Marks {
    pub(crate) bookmarked: bool,
    pub(crate) seen: bool,
    pub(crate) subscribed: bool,
}

/// Who has looked at an issue, and who has done something with it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Company {
    /// With the moment of the last look, the latest first.
    pub(crate) seen_by: Vec<(UserId, String, Micros)>,
    pub(crate) participants: Vec<(UserId, String)>,
}

/// Something that happened to an issue.
#[derive(Debug, Clone)]
pub(crate) struct Activity {
    pub(crate) id: i64,
    /// `set_resolved`, `set_unresolved`, `set_ignored`, `set_regression`, `assigned`, `unassigned`, `note`, `merge`,
    /// `unmerge_source`, `unmerge_destination`.
    pub(crate) kind: String,
    pub(crate) user: Option<(UserId, String)>,
    pub(crate) data: Value,
    pub(crate) created: Micros,
}

/// Changes to issues.
pub(crate) trait Triage {
    /// Which of these changed.
    fn change_issues(
        &self,
        scope: &ProjectScope,
        ids: &[IssueId],
        change: &IssueChange,
    ) -> Result<Vec<IssueId>>;
    /// Brings back what was ignored until now.
    fn wake_issues(&self, now: Micros) -> Result<usize>;
    fn marks(&self, user: UserId, ids: &[IssueId]) -> Result<Vec<Marks>>;
    /// How many notes each issue has.
    fn note_counts(&self, ids: &[IssueId]) -> Result<Vec<i64>>;
    fn company(&self, issue: IssueId) -> Result<Company>;
    /// Oldest first.
    fn activity(&self, issue: IssueId) -> Result<Vec<Activity>>;
    fn add_note(&self, issue: IssueId, user: Option<UserId>, text: &str, now: Micros) -> Result<i64>;
    fn delete_note(&self, issue: IssueId, id: i64) -> Result<bool>;
    /// Moves everything of the others into the first, which must be in the same project; false when one is missing.
    fn merge_issues(
        &self,
        scope: &ProjectScope,
        into: IssueId,
        others: &[IssueId],
        by: Option<UserId>,
        now: Micros,
    ) -> Result<bool>;
    /// With all counts; `discard` also turns away events like theirs from now on.
    fn delete_issues(
        &self,
        scope: &ProjectScope,
        ids: &[IssueId],
        discard: bool,
        now: Micros,
    ) -> Result<usize>;
}
