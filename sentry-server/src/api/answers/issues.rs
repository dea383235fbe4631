//! Answers about issues.

use super::Shape::{
    self, Any, Date, Flag, List, Map, Maybe, Nothing, Number, Object, Row, Text, Whole, Word,
};
use super::accounts::{PERSON, VIEWER};
use super::events::EVENT_SUMMARY;
use super::shape::Part;

const OWNER: Shape = Object(
    "Assignee",
    &[&[("type", Word(&["user", "team"])), ("id", Text), ("name", Text), ("email?", Text)]],
);
const VERSION: Shape = Object("", &[&[("version", Text), ("shortVersion", Text)]]);

/// `[unix seconds, events]`.
const SERIES: Shape = List(&Row(&[Whole, Whole]));

const ISSUE_FIELDS: Part = &[
    ("id", Text),
    ("shareId", Nothing),
    ("shortId", Text),
    ("title", Text),
    ("culprit", Text),
    ("permalink", Text),
    ("logger", Maybe(&Text)),
    ("level", Text),
    ("status", Word(&["unresolved", "resolved", "ignored"])),
    ("statusDetails", Map(&Any)),
    ("substatus", Maybe(&Text)),
    ("isPublic", Flag),
    ("platform", Text),
    ("priority", Word(&["low", "medium", "high"])),
    (
        "project",
        Object(
            "ProjectReference",
            &[&[("id", Text), ("slug", Text), ("name", Text), ("platform", Maybe(&Text))]],
        ),
    ),
    ("type", Text),
    ("issueType", Text),
    ("issueCategory", Text),
    ("metadata", Map(&Any)),
    ("numComments", Whole),
    ("assignedTo", Maybe(&OWNER)),
    ("isBookmarked", Flag),
    ("isSubscribed", Flag),
    ("subscriptionDetails", Nothing),
    ("hasSeen", Flag),
    ("annotations", List(&Any)),
    ("isUnhandled", Flag),
    ("count", Text),
    ("userCount", Whole),
    ("firstSeen", Date),
    ("lastSeen", Date),
    ("firstRelease", Maybe(&VERSION)),
    ("lastRelease", Maybe(&VERSION)),
];
pub(in crate::api) const ISSUE: Shape = Object("Issue", &[ISSUE_FIELDS]);
/// With a sparkline, by the name of its period.
pub(in crate::api) const LISTED_ISSUE: Shape =
    Object("ListedIssue", &[ISSUE_FIELDS, &[("stats", Map(&SERIES))]]);

pub(in crate::api) const TAG: Shape = Object("Tag", &[TAG_FIELDS]);
const TAG_FIELDS: Part = &[("key", Text), ("name", Text), ("totalValues", Whole), ("uniqueValues", Whole)];
pub(in crate::api) const TAG_VALUE: Shape = Object(
    "TagValue",
    &[&[
        ("key", Text),
        ("name", Text),
        ("value", Text),
        ("count", Whole),
        ("firstSeen", Date),
        ("lastSeen", Date),
    ]],
);
pub(in crate::api) const TAG_WITH_VALUES: Shape =
    Object("TagWithValues", &[TAG_FIELDS, &[("topValues", List(&TAG_VALUE))]]);

pub(in crate::api) const ACTIVITY: Shape = Object(
    "Activity",
    &[&[("id", Text), ("type", Text), ("user", Maybe(&PERSON)), ("data", Any), ("dateCreated", Date)]],
);
pub(in crate::api) const ACTIVITIES: Shape = Object("", &[&[("activity", List(&ACTIVITY))]]);

pub(in crate::api) const WHOLE_ISSUE: Shape = Object(
    "WholeIssue",
    &[
        ISSUE_FIELDS,
        &[
            ("stats", Map(&SERIES)),
            ("tags", List(&TAG)),
            (
                "owners",
                List(&Object("", &[&[("type", Text), ("owner", Text), ("date_added", Maybe(&Date))]])),
            ),
            ("activity", List(&ACTIVITY)),
            ("seenBy", List(&VIEWER)),
            ("participants", List(&PERSON)),
            ("userReportCount", Whole),
        ],
    ],
);

pub(in crate::api) const BY_SHORT_ID: Shape = Object(
    "IssueByShortId",
    &[&[
        ("organizationSlug", Text),
        ("projectSlug", Maybe(&Text)),
        ("groupId", Text),
        ("group", WHOLE_ISSUE),
        ("shortId", Text),
    ]],
);

/// What a change of many has changed, or which were merged.
pub(in crate::api) const CHANGED: Shape = Object(
    "ChangedIssues",
    &[&[
        ("status?", Maybe(&Text)),
        ("statusDetails?", Map(&Any)),
        ("substatus?", Maybe(&Text)),
        ("priority?", Text),
        ("isBookmarked?", Flag),
        ("hasSeen?", Flag),
        ("isSubscribed?", Flag),
        ("merge?", Object("", &[&[("parent", Text), ("children", List(&Text))]])),
    ]],
);

pub(in crate::api) const HASH: Shape = Object(
    "IssueHash",
    &[&[
        ("id", Text),
        ("hash", Text),
        ("latestEvent", Maybe(&EVENT_SUMMARY)),
        ("mergedBySeer", Flag),
        ("groupingConfig", Maybe(&Text)),
        ("basis", Maybe(&Text)),
        ("firstEventID", Maybe(&Text)),
        ("dateCreated", Maybe(&Date)),
    ]],
);
pub(in crate::api) const UNMERGED: Shape = Object("Unmerged", &[&[("destination", Maybe(&Text))]]);
pub(in crate::api) const SIMILAR: Shape = List(&Row(&[ISSUE, Object("", &[&[("contribution", Number)]])]));
pub(in crate::api) const REPROCESSED: Shape =
    Object("Reprocessed", &[&[("events", Whole), ("changed", Whole), ("hasMore", Flag)]]);
pub(in crate::api) const IMPORTED: Shape = Object(
    "",
    &[&[("issues", List(&Object("ImportedIssue", &[&[("id", Text), ("shortId", Text), ("isNew", Flag)]])))]],
);
