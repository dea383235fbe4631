//! What the store hands out and takes in, apart from batches of events.

use serde_json::Value;

use crate::instant::Micros;
use crate::search::Expr;

pub(crate) type OrgId = i64;
pub(crate) type ProjectId = i64;
pub(crate) type IssueId = i64;
pub(crate) type UserId = i64;
/// The 16 bytes of an event id.
pub(crate) type EventKey = [u8; 16];

/// The projects a caller may see: every read of issues and events takes one, so that none can forget it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProjectScope(Vec<ProjectId>);

impl ProjectScope {
    pub(crate) fn new(projects: impl IntoIterator<Item = ProjectId>) -> Self {
        Self(projects.into_iter().collect())
    }

    pub(crate) fn ids(&self) -> &[ProjectId] {
        &self.0
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Organization {
    pub(crate) id: OrgId,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) created: Micros,
}

#[derive(Debug, Clone)]
pub(crate) struct Project {
    pub(crate) id: ProjectId,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) platform: Option<String>,
    pub(crate) created: Micros,
    pub(crate) first_event: Option<Micros>,
}

#[derive(Debug, Clone)]
pub(crate) struct NewProject {
    /// Chosen by the store when `None`; given when a project moves here and its DSN keeps its number.
    pub(crate) id: Option<ProjectId>,
    pub(crate) org: OrgId,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) platform: Option<String>,
    /// The public key of its first client key: 32 hexadecimal digits.
    pub(crate) public_key: String,
    pub(crate) created: Micros,
}

/// One client key (the user part of a DSN).
#[derive(Debug, Clone)]
pub(crate) struct ClientKey {
    pub(crate) id: i64,
    pub(crate) project: ProjectId,
    pub(crate) public: String,
    pub(crate) label: String,
    pub(crate) active: bool,
    pub(crate) created: Micros,
}

#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) username: String,
    pub(crate) password_hash: String,
}

/// Who holds a token or a session.
#[derive(Debug, Clone)]
pub(crate) struct Holder {
    pub(crate) id: UserId,
    pub(crate) username: String,
}

/// An issue as it is listed.
#[derive(Debug, Clone)]
pub(crate) struct Issue {
    pub(crate) id: IssueId,
    pub(crate) project: ProjectId,
    /// Counts up in its project; shown as `SLUG-1A`.
    pub(crate) number: i64,
    pub(crate) title: String,
    pub(crate) culprit: String,
    pub(crate) kind: String,
    pub(crate) metadata: Value,
    pub(crate) level: String,
    pub(crate) platform: String,
    pub(crate) logger: Option<String>,
    pub(crate) unhandled: bool,
    pub(crate) status: Status,
    pub(crate) substatus: Option<String>,
    pub(crate) first_seen: Micros,
    pub(crate) last_seen: Micros,
    pub(crate) count: i64,
    pub(crate) users: i64,
    pub(crate) first_release: Option<String>,
    pub(crate) last_release: Option<String>,
    /// `user:1` or `team:1`.
    pub(crate) assignee: Option<String>,
    /// What somebody set; else it follows from the level.
    pub(crate) priority: Option<String>,
    /// What goes with the status: an object.
    pub(crate) details: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Unresolved,
    Resolved,
    Ignored,
}

impl Status {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Unresolved => "unresolved",
            Self::Resolved => "resolved",
            Self::Ignored => "ignored",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "unresolved" => Some(Self::Unresolved),
            "resolved" | "resolvedInNextRelease" => Some(Self::Resolved),
            "ignored" | "muted" | "archived" => Some(Self::Ignored),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IssueSort {
    LastSeen,
    FirstSeen,
    Count,
    Users,
}

/// What an issue list asks for.
#[derive(Debug, Clone)]
pub(crate) struct IssueFilter {
    pub(crate) scope: ProjectScope,
    pub(crate) search: Expr,
    pub(crate) context: IssueContext,
    pub(crate) seen_since: Option<Micros>,
    /// It was seen first before this.
    pub(crate) seen_until: Option<Micros>,
    /// One of these leads to it; all when empty.
    pub(crate) hashes: Vec<[u8; 16]>,
    /// The issue has events from one of these environments; all when empty.
    pub(crate) environments: Vec<String>,
    pub(crate) sort: IssueSort,
    pub(crate) page: PageRequest,
}

/// Where a page starts: just after (or, backwards, just before) a row with this sort value and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) value: i64,
    pub(crate) id: i64,
    pub(crate) backwards: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct PageRequest {
    pub(crate) cursor: Option<Cursor>,
    pub(crate) limit: usize,
}

/// One page, in display order, and whether there is more on either side.
#[derive(Debug, Clone)]
pub(crate) struct Page<T> {
    pub(crate) rows: Vec<T>,
    pub(crate) previous: Option<Cursor>,
    pub(crate) next: Option<Cursor>,
    pub(crate) has_previous: bool,
    pub(crate) has_next: bool,
}

/// What a search refers to without naming it.
#[derive(Debug, Clone, Default)]
pub(crate) struct IssueContext {
    pub(crate) now: Micros,
    /// Who asks: `assigned:me`.
    pub(crate) user: Option<UserId>,
    /// The projects by slug.
    pub(crate) projects: Vec<(ProjectId, String)>,
}

/// An event as stored: the index row, and its body when it was kept.
#[derive(Debug, Clone)]
pub(crate) struct StoredEvent {
    pub(crate) seq: i64,
    pub(crate) project: ProjectId,
    pub(crate) issue: Option<IssueId>,
    pub(crate) event_id: EventKey,
    pub(crate) kind: String,
    pub(crate) received: Micros,
    pub(crate) timestamp: Micros,
    pub(crate) title: String,
    pub(crate) culprit: String,
    pub(crate) level: String,
    pub(crate) size_bytes: i64,
    /// The normalised event as JSON text.
    pub(crate) body: Option<Vec<u8>>,
}

/// The events before and after one in its issue, by time of receipt.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Neighbours {
    pub(crate) previous: Option<EventKey>,
    pub(crate) next: Option<EventKey>,
}

/// An item kept as it came: attachment, session, check-in and so on.
#[derive(Debug, Clone)]
pub(crate) struct StoredItem {
    pub(crate) seq: i64,
    pub(crate) kind: String,
    pub(crate) received: Micros,
    pub(crate) header: Value,
    pub(crate) size_bytes: i64,
}

/// One tag key of an issue with its most frequent values.
#[derive(Debug, Clone)]
pub(crate) struct TagKey {
    pub(crate) key: String,
    pub(crate) unique: i64,
    pub(crate) total: i64,
    pub(crate) top: Vec<TagValue>,
}

#[derive(Debug, Clone)]
pub(crate) struct TagValue {
    pub(crate) value: String,
    pub(crate) count: i64,
    pub(crate) first_seen: Micros,
    pub(crate) last_seen: Micros,
}

/// One row of the ledger of what happened to everything that arrived (or was reported lost).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct OutcomeKey {
    pub(crate) project: ProjectId,
    pub(crate) hour: i64,
    pub(crate) category: String,
    pub(crate) outcome: &'static str,
    pub(crate) reason: String,
}

/// A ledger row as read back.
#[derive(Debug, Clone)]
pub(crate) struct OutcomeRow {
    pub(crate) project: ProjectId,
    pub(crate) hour: i64,
    pub(crate) category: String,
    pub(crate) outcome: String,
    pub(crate) reason: String,
    pub(crate) quantity: i64,
}
