//! Answers about events and what came with them.

use super::Shape::{self, Any, Date, Either, Flag, List, Map, Maybe, Nothing, Object, Text, Whole};
use super::shape::Part;

const SUMMARY_FIELDS: Part = &[
    ("id", Text),
    ("eventID", Text),
    ("groupID", Maybe(&Text)),
    ("projectID", Text),
    ("title", Text),
    ("message", Text),
    ("culprit", Text),
    ("location", Maybe(&Text)),
    ("platform", Maybe(&Text)),
    ("type", Text),
    ("event.type", Text),
    ("level", Text),
    ("dateCreated", Date),
    ("dateReceived", Date),
    ("user", Maybe(&Map(&Any))),
    ("tags", List(&Object("", &[&[("key", Maybe(&Text)), ("value", Maybe(&Text))]]))),
];
const WHOLE_FIELDS: Part = &[
    ("entries", List(&Object("EventEntry", &[&[("type", Text), ("data", Any)]]))),
    ("contexts", Map(&Any)),
    ("context", Any),
    ("packages", Any),
    ("sdk", Any),
    ("dist", Maybe(&Text)),
    ("release", Maybe(&Object("", &[&[("version", Text)]]))),
    ("environment", Maybe(&Text)),
    ("errors", List(&Any)),
    ("metadata", Map(&Any)),
    ("fingerprints", List(&Any)),
    ("measurements", Any),
    ("_meta", Any),
    ("size", Whole),
    ("userReport", Maybe(&FEEDBACK)),
    ("occurrence", Nothing),
    ("nextEventID", Maybe(&Text)),
    ("previousEventID", Maybe(&Text)),
    ("bodyDropped", Flag),
    // Of transactions.
    ("startTimestamp?", Any),
    ("endTimestamp?", Any),
];
pub(in crate::api) const EVENT_SUMMARY: Shape = Object("EventSummary", &[SUMMARY_FIELDS]);
pub(in crate::api) const EVENT: Shape = Object("Event", &[SUMMARY_FIELDS, WHOLE_FIELDS]);
pub(in crate::api) const EVENTS: Shape = List(&Either(&EVENT_SUMMARY, &EVENT));
pub(in crate::api) const REPROCESSED: Shape =
    Object("ReprocessedEvent", &[SUMMARY_FIELDS, WHOLE_FIELDS, &[("frames", List(&VERDICT))]]);

pub(in crate::api) const BY_ID: Shape = Object(
    "EventById",
    &[&[
        ("organizationSlug", Text),
        ("projectSlug", Maybe(&Text)),
        ("groupId", Maybe(&Text)),
        ("eventId", Text),
        ("event", EVENT),
    ]],
);

pub(in crate::api) const ATTACHMENT: Shape = Object(
    "Attachment",
    &[&[
        ("id", Text),
        ("event_id", Text),
        ("type", Text),
        ("itemType", Text),
        ("name", Text),
        ("mimetype", Text),
        ("dateCreated", Date),
        ("size", Whole),
        ("headers", Map(&Any)),
    ]],
);

pub(in crate::api) const FEEDBACK: Shape = Object(
    "Feedback",
    &[&[
        ("id", Text),
        ("eventID", Maybe(&Text)),
        ("name", Text),
        ("email", Text),
        ("comments", Text),
        ("message", Text),
        ("dateCreated", Date),
        ("project", Maybe(&Text)),
        ("user", Nothing),
        (
            "issue",
            Maybe(&Object(
                "IssueReference",
                &[&[("id", Text), ("shortId", Text), ("title", Text), ("status", Text), ("permalink", Text)]],
            )),
        ),
    ]],
);

/// How a frame was resolved, or why not.
const VERDICT: Shape = Object(
    "FrameVerdict",
    &[&[
        ("exception", Any),
        ("frame", Whole),
        ("location", Any),
        ("resolved", Flag),
        ("resolvedWith", Any),
        ("reason", Maybe(&Text)),
        ("message", Maybe(&Text)),
        ("mayChange", Flag),
    ]],
);
pub(in crate::api) const VERDICTS: Shape = Object("", &[&[("frames", List(&VERDICT))]]);

pub(in crate::api) const COMMITTERS: Shape = Object(
    "",
    &[&[(
        "committers",
        List(&Object(
            "Committer",
            &[&[
                (
                    "author",
                    Object("", &[&[("id", Maybe(&Text)), ("name", Maybe(&Text)), ("email", Maybe(&Text))]]),
                ),
                (
                    "commits",
                    List(&Object(
                        "SuspectCommit",
                        &[&[
                            ("id", Text),
                            ("message", Maybe(&Text)),
                            ("dateCreated", Maybe(&Date)),
                            ("repository", Object("", &[&[("name", Maybe(&Text))]])),
                            ("release", Text),
                            ("path", Text),
                            ("score", Whole),
                            ("suspectCommitType", Text),
                        ]],
                    )),
                ),
            ]],
        )),
    )]],
);

const GROUPING_FIELDS: Part = &[
    ("grouping_config", Text),
    ("basis", Text),
    ("groupable", Any),
    ("matchedRule", Any),
    ("fingerprint", Any),
    (
        "variants",
        Map(&Object(
            "GroupingVariant",
            &[&[
                ("key", Text),
                ("type", Text),
                ("description", Text),
                ("hash", Maybe(&Text)),
                ("hashMismatch", Flag),
                ("contributes", Flag),
                ("hint", Maybe(&Text)),
                ("config", Object("", &[&[("id", Text)]])),
                ("component", COMPONENT),
                ("values?", Any),
                ("matched_rule?", Maybe(&Text)),
            ]],
        )),
    ),
];
/// What contributed, down to texts.
const COMPONENT: Shape = Object(
    "GroupingComponent",
    &[&[
        ("id", Maybe(&Text)),
        ("name", Maybe(&Text)),
        ("contributes", Flag),
        ("hint", Maybe(&Text)),
        ("values", List(&Any)),
    ]],
);
pub(in crate::api) const GROUPING_WITH_HASHES: Shape =
    Object("Grouping", &[GROUPING_FIELDS, &[("hashes", List(&Text))]]);
pub(in crate::api) const GROUPING_INFO: Shape = Object(
    "GroupingInfo",
    &[
        GROUPING_FIELDS,
        &[
            ("stored", Flag),
            ("groupID", Maybe(&Text)),
            (
                "now",
                Maybe(&Object(
                    "",
                    &[&[("grouping_config", Text), ("hashes", List(&Text)), ("changed", Flag)]],
                )),
            ),
        ],
    ],
);
