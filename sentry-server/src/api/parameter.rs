//! What calls read from the part of an address behind its question mark, for the API's description.
//!
//! A route says which of these its handler reads; a debug build holds the handler to it (see [`Query`](super::query::Query)).

/// One name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// It may stand there more than once, and each value counts.
    pub(super) repeats: bool,
}

const fn one(name: &'static str, about: &'static str) -> Parameter {
    Parameter { name, about, repeats: false }
}

const fn many(name: &'static str, about: &'static str) -> Parameter {
    Parameter { name, about, repeats: true }
}

/// Which page of a list.
pub(super) const PAGE: &[Parameter] = &[
    one("cursor", "The page, as a Link header of another one names it; the first without it."),
    one("limit", "How many there are on a page; 100 at most."),
    one("per_page", "The same as limit."),
];

/// Which projects of the organization.
pub(super) const PROJECTS: &[Parameter] =
    &[many("project", "A project's id or slug; all the caller may see without it, or with -1.")];

pub(super) const ENVIRONMENTS: &[Parameter] = &[many("environment", "An environment; all without it.")];

/// A search of issues, events or telemetry.
pub(super) const SEARCH: &[Parameter] =
    &[one("query", "A search: key:value, !, is:, has:, comparisons, OR, brackets and words.")];

/// Letters of a name.
pub(super) const PART: &[Parameter] = &[one("query", "A part of the name.")];

/// From when to when.
pub(super) const SPAN: &[Parameter] = &[
    one("statsPeriod", "So long until now: 30m, 24h, 14d, 2w."),
    one("start", "The first moment, ISO 8601; together with end, instead of statsPeriod."),
    one("end", "The moment after the last, ISO 8601."),
];

pub(super) const PERIOD: &[Parameter] = &[one("statsPeriod", "So long until now: 30m, 24h, 14d, 2w.")];

pub(super) const INTERVAL: &[Parameter] = &[one("interval", "How long a step is: 5m, 1h, 1d.")];

pub(super) const FIELDS: &[Parameter] =
    &[many("field", "A column, or a function like count(), sum(x) or p95(x).")];

pub(super) const GROUP_BY: &[Parameter] = &[many("groupBy", "A column by whose values the sums are parted.")];

pub(super) const DATA_SET: &[Parameter] =
    &[one("dataset", "errors (as without it), transactions, spans, logs or metrics.")];

pub(super) const SORT: &[Parameter] = &[one("sort", "A column; with a minus before it, the largest first.")];

pub(super) const ISSUE_LIST: &[Parameter] = &[
    one("sort", "date, new, freq or user."),
    one("groupStatsPeriod", "What the counts in a list are of: 24h or 14d; none without it."),
    many("hashes", "Issues that have one of these hashes; may be several, parted by commas."),
    one("shortIdLookup", "With 1, a query that is a short id finds its issue, of whichever project."),
];

/// Which issues a change is for, beside a search.
pub(super) const CHOSEN: &[Parameter] = &[
    many("id", "An issue's id."),
    many("status", "A state that an issue is in: unresolved, resolved, ignored."),
];

pub(super) const SERIES: &[Parameter] = &[
    many("yAxis", "What is counted: count() without it."),
    one("topEvents", "By the values of the columns in field, the so many that occur most."),
];

pub(super) const ATTRIBUTE: &[Parameter] = &[
    one("itemType", "spans, logs or metrics (tracemetrics)."),
    one("dataset", "The same as itemType."),
    one("attributeType", "string or number; both without it."),
    one("substringMatch", "A part of the name or value."),
];

pub(super) const ADDITIONAL: &[Parameter] =
    &[many("additional_attributes", "An attribute of spans to be shown with each.")];

pub(super) const FULL: &[Parameter] = &[one("full", "Whether events are shown whole.")];

pub(super) const HASHES: &[Parameter] = &[many("id", "A hash.")];

pub(super) const DEBUG_FILE: &[Parameter] =
    &[one("id", "A debug file's id: downloads it."), one("debug_id", "Those of one debug id.")];

pub(super) const ID: &[Parameter] = &[one("id", "A debug file's id.")];

pub(super) const CHECKSUMS: &[Parameter] = &[many("checksums", "A SHA-1 in hexadecimal digits.")];

pub(super) const CHECKSUM: &[Parameter] = &[many("checksum", "A SHA-1 in hexadecimal digits.")];

pub(super) const DOWNLOAD: &[Parameter] =
    &[one("download", "What is in it, instead of what is known of it.")];

pub(super) const SUMS: &[Parameter] = &[
    one("field", "sum(quantity), as without it, or sum(times_seen)."),
    many("category", "A data category: error, transaction, attachment and so on; all without it."),
    many("outcome", "accepted, filtered, rate_limited, invalid, client_discard; all without it."),
];

pub(super) const STAT: &[Parameter] = &[one("stat", "received (as without it), rejected or blacklisted.")];

pub(super) const NAME: &[Parameter] = &[one("name", "A release, whole.")];

pub(super) const PROGUARD: &[Parameter] = &[one("proguard_uuid", "The UUID of a ProGuard mapping.")];

pub(super) const MONITOR_STATS: &[Parameter] = &[
    one("since", "The first moment, in seconds since 1970; a day before until without it."),
    one("until", "The moment after the last, in seconds since 1970; now without it."),
    one("resolution", "How long a piece of time is: 5m, 1h, 1d; 1h without it."),
];
