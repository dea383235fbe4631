//! What lists can be narrowed by, and what came along with an issue.

use super::{EventKey, IssueId, ProjectId, ProjectScope, Result, StoredItem, TagKey, TagValue};

/// Environments, tags and files.
pub(crate) trait Facets {
    /// Of events and sessions, by name.
    fn environments(&self, scope: &ProjectScope) -> Result<Vec<String>>;
    /// Of all issues together, without values.
    fn tag_keys(&self, scope: &ProjectScope) -> Result<Vec<TagKey>>;
    /// The values that a tag has in events of these projects, those that occur most first, at most so many.
    fn tag_values(&self, scope: &ProjectScope, key: &str, max: usize) -> Result<Vec<TagValue>>;
    /// Files that came with an issue's events, of the newest event first; so many at most.
    fn issue_attachments(
        &self,
        project: ProjectId,
        issue: IssueId,
        max: usize,
    ) -> Result<Vec<(EventKey, StoredItem)>>;
}
