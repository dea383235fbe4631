//! Answers about what is counted, and about spans, logs, metrics, sessions, monitors and replays.

use super::Shape::{
    self, Any, Date, Either, Flag, List, Map, Maybe, Nothing, Number, Object, Row, Text, Whole,
};

/// Rows with the fields that were asked for.
pub(in crate::api) const ROWS: Shape = Object(
    "EventRows",
    &[&[
        ("data", List(&Map(&Any))),
        ("meta", Object("", &[&[("fields", Map(&Text)), ("units", Map(&Any)), ("isPartial", Flag)]])),
    ]],
);

const SERIES: Shape = Object(
    "EventSeries",
    &[&[
        ("data", List(&Row(&[Whole, List(&Object("", &[&[("count", Any)]]))]))),
        ("start", Whole),
        ("end", Whole),
        ("order", Whole),
        ("isMetricsData", Flag),
        ("meta", Object("", &[&[("fields", Map(&Text)), ("units", Map(&Any)), ("isPartial", Flag)]])),
    ]],
);
const SERIES_BY_FUNCTION: Shape = Either(&SERIES, &Map(&SERIES));
/// One series; several by their functions; or either by the values that groups are told apart by.
pub(in crate::api) const STATS: Shape = Either(&SERIES_BY_FUNCTION, &Map(&SERIES_BY_FUNCTION));

pub(in crate::api) const TIME_SERIES: Shape = Object(
    "TimeSeries",
    &[&[
        (
            "timeSeries",
            List(&Object(
                "",
                &[&[
                    ("yAxis", Text),
                    ("groupBy", Maybe(&List(&Object("", &[&[("key", Text), ("value", Any)]])))),
                    (
                        "values",
                        List(&Object("", &[&[("timestamp", Whole), ("value", Any), ("incomplete", Flag)]])),
                    ),
                    (
                        "meta",
                        Object(
                            "",
                            &[&[
                                ("valueType", Text),
                                ("valueUnit", Nothing),
                                ("interval", Whole),
                                ("order", Whole),
                                ("isOther", Flag),
                            ]],
                        ),
                    ),
                ]],
            )),
        ),
        ("meta", Object("", &[&[("dataset", Text), ("start", Whole), ("end", Whole), ("isPartial", Flag)]])),
    ]],
);

const TRACE_ERROR: Shape = Object(
    "TraceError",
    &[&[
        ("event_type", Text),
        ("event_id", Any),
        ("project_id", Any),
        ("project_slug", Any),
        ("issue_id", Any),
        ("title", Any),
        ("description", Any),
        ("level", Any),
        ("culprit", Any),
        ("transaction", Any),
        ("span_id", Any),
        ("timestamp", Any),
    ]],
);
const TRACE_SPAN: Shape = Object(
    "TraceSpan",
    &[&[
        ("event_type", Text),
        ("event_id", Text),
        ("transaction_id", Maybe(&Text)),
        ("project_id", Whole),
        ("project_slug", Text),
        ("parent_span_id", Maybe(&Text)),
        ("start_timestamp", Number),
        ("end_timestamp", Number),
        ("duration", Number),
        ("transaction", Text),
        ("is_transaction", Flag),
        ("op", Text),
        ("name", Text),
        ("description", Text),
        ("status", Text),
        ("release", Maybe(&Text)),
        ("environment", Maybe(&Text)),
        ("sdk_name", Text),
        ("profile_id", Text),
        ("profiler_id", Text),
        ("measurements", Map(&Any)),
        ("additional_attributes", Map(&Any)),
        ("occurrences", List(&Any)),
        ("errors", List(&TRACE_ERROR)),
        // Spans again.
        ("children", List(&Map(&Any))),
    ]],
);
pub(in crate::api) const TRACE: Shape = List(&Either(&TRACE_SPAN, &TRACE_ERROR));
pub(in crate::api) const TRACE_META: Shape = Object(
    "TraceMeta",
    &[&[
        ("errors", Whole),
        ("logs", Whole),
        ("performance_issues", Whole),
        ("projects", Whole),
        ("transactions", Whole),
        ("span_count", Whole),
        ("span_count_map", Map(&Whole)),
        (
            "transaction_child_count_map",
            List(&Object("", &[&[("transaction.event_id", Text), ("count()", Whole)]])),
        ),
    ]],
);

pub(in crate::api) const ATTRIBUTE: Shape = Object(
    "Attribute",
    &[&[
        ("key", Text),
        ("name", Text),
        ("attributeType", Text),
        ("attributeSource", Object("", &[&[("source_type", Text)]])),
    ]],
);
pub(in crate::api) const ATTRIBUTE_VALUE: Shape =
    Object("AttributeValue", &[&[("key", Text), ("name", Text), ("value", Text), ("count", Whole)]]);

/// Sums by group, over all and for every interval.
const GROUPS: Shape = List(&Object(
    "",
    &[&[("by", Map(&Text)), ("totals", Map(&Maybe(&Number))), ("series", Map(&List(&Maybe(&Number))))]],
));
pub(in crate::api) const SESSIONS: Shape = Object(
    "Sessions",
    &[&[("start", Date), ("end", Date), ("query", Text), ("intervals", List(&Date)), ("groups", GROUPS)]],
);
pub(in crate::api) const SUMS: Shape =
    Object("Sums", &[&[("start", Date), ("end", Date), ("intervals", List(&Date)), ("groups", GROUPS)]]);
/// `[unix seconds, events]`.
pub(in crate::api) const COUNTS: Shape = List(&Row(&[Whole, Whole]));

pub(in crate::api) const OUTCOME: Shape = Object(
    "Outcome",
    &[&[
        ("project", Text),
        ("hour", Date),
        ("category", Text),
        ("outcome", Text),
        ("reason", Text),
        ("quantity", Whole),
    ]],
);

pub(in crate::api) const MONITOR: Shape = Object(
    "Monitor",
    &[&[
        ("id", Text),
        ("slug", Text),
        ("name", Text),
        ("status", Text),
        ("lastStatus", Maybe(&Text)),
        ("lastCheckIn", Maybe(&Date)),
        ("type", Text),
        ("config", Any),
        ("isMuted", Flag),
        ("dateCreated", Date),
        (
            "environments",
            List(&Object(
                "MonitorEnvironment",
                &[&[
                    ("name", Text),
                    ("status", Text),
                    ("isMuted", Flag),
                    ("dateCreated", Date),
                    ("lastCheckIn", Maybe(&Date)),
                    ("nextCheckIn", Maybe(&Date)),
                    ("nextCheckInLatest", Maybe(&Date)),
                    (
                        "activeIncident",
                        Maybe(&Object(
                            "",
                            &[&[("startingTimestamp", Date), ("resolvingTimestamp", Nothing)]],
                        )),
                    ),
                ]],
            )),
        ),
        ("project", Maybe(&super::accounts::PROJECT)),
    ]],
);
pub(in crate::api) const CHECK_IN: Shape = Object(
    "CheckIn",
    &[&[
        ("id", Text),
        ("environment", Text),
        ("status", Text),
        ("duration", Maybe(&Whole)),
        ("dateCreated", Date),
        ("dateUpdated", Date),
        ("release", Maybe(&Text)),
        ("traceId", Maybe(&Text)),
    ]],
);

pub(in crate::api) const MONITOR_COUNTS: Shape = Object(
    "MonitorCounts",
    &[&[
        ("ts", Whole),
        ("ok", Whole),
        ("error", Whole),
        ("missed", Whole),
        ("timeout", Whole),
        ("in_progress", Whole),
        ("duration", Number),
    ]],
);

pub(in crate::api) const ENVIRONMENT: Shape =
    Object("Environment", &[&[("id", Text), ("name", Text), ("isHidden", Flag)]]);

const REPLAY: Shape = Object(
    "Replay",
    &[&[
        ("id", Text),
        ("project_id", Text),
        ("started_at", Date),
        ("finished_at", Date),
        ("duration", Whole),
        ("count_segments", Whole),
        ("count_errors", Whole),
        ("count_urls", Whole),
        ("replay_type", Text),
        ("platform", Text),
        ("releases", List(&Text)),
        ("environment", Maybe(&Text)),
        ("user", Any),
        ("urls", List(&Text)),
        ("error_ids", List(&Text)),
        ("trace_ids", List(&Text)),
        ("is_archived", Flag),
    ]],
);
pub(in crate::api) const REPLAYS: Shape = Object("", &[&[("data", List(&REPLAY))]]);
pub(in crate::api) const ONE_REPLAY: Shape = Object("", &[&[("data", REPLAY)]]);
const PIECE: Shape = Object(
    "ReplaySegment",
    &[&[("replayId", Text), ("segmentId", Whole), ("projectId", Text), ("dateAdded", Date), ("size", Whole)]],
);
/// What is known of pieces, or with `download` the events in each.
pub(in crate::api) const PIECES: Shape = List(&Either(&PIECE, &List(&Any)));
pub(in crate::api) const ONE_PIECE: Shape = Either(&Object("", &[&[("data", PIECE)]]), &List(&Any));
