//! Rows of telemetry: narrow, one per span, log or metric point, written and read in the same form.
//!
//! A row names its place: the number of the event or item that brought it, and which entry of that it is. What a row has
//! no column for (attributes, data) is read from there.

use super::types::{EventKey, PageRequest, ProjectId, ProjectScope};
use crate::instant::Micros;

/// 16 bytes of a trace id.
pub(crate) type TraceKey = [u8; 16];
/// 8 bytes of a span id.
pub(crate) type SpanKey = [u8; 8];

/// Where the rest of a row is: an event or item, and the entry in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Place {
    /// The number of the event or item.
    pub(crate) item: u64,
    /// The entry; in a transaction 0 is the transaction itself.
    pub(crate) index: u32,
}

/// What telemetry has in common.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Common {
    pub(crate) place: Place,
    pub(crate) project: ProjectId,
    /// When it happened; for a span, when it began.
    pub(crate) timestamp: Micros,
    pub(crate) trace: Option<TraceKey>,
    pub(crate) span: Option<SpanKey>,
    pub(crate) release: Option<String>,
    pub(crate) environment: Option<String>,
}

/// One span, of a transaction or sent by itself.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct SpanRow {
    pub(crate) common: Common,
    pub(crate) parent: Option<SpanKey>,
    /// The name of the transaction or segment that it belongs to.
    pub(crate) segment: String,
    pub(crate) is_segment: bool,
    pub(crate) op: String,
    pub(crate) description: String,
    pub(crate) status: String,
    pub(crate) duration: Micros,
}

/// One log line.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct LogRow {
    pub(crate) common: Common,
    /// 1 to 24: the severity number of OpenTelemetry; `error` is 17.
    pub(crate) severity: u8,
    /// The first kilobyte of the text.
    pub(crate) body: String,
}

/// One point of a metric.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct MetricRow {
    pub(crate) common: Common,
    pub(crate) name: String,
    /// `counter`, `gauge` or `distribution`.
    pub(crate) kind: String,
    pub(crate) value: f64,
    pub(crate) unit: Option<String>,
}

/// One profile, or a piece of one.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct ProfileRow {
    pub(crate) common: Common,
    /// `profile` or `profile_chunk`.
    pub(crate) kind: String,
    /// The profile's or, for a piece, the profiler's id.
    pub(crate) profile: Option<EventKey>,
    pub(crate) segment: String,
    pub(crate) platform: String,
}

/// What a user wrote.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct FeedbackRow {
    /// The number of the feedback's event.
    pub(crate) seq: u64,
    pub(crate) project: ProjectId,
    pub(crate) event_id: EventKey,
    pub(crate) timestamp: Micros,
    /// The event that it is about.
    pub(crate) about: Option<EventKey>,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) message: String,
}

/// Everything that an event or item brings besides itself.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) spans: Vec<SpanRow>,
    pub(crate) logs: Vec<LogRow>,
    pub(crate) metrics: Vec<MetricRow>,
    pub(crate) profile: Option<ProfileRow>,
    pub(crate) feedback: Option<FeedbackRow>,
}

impl Rows {
    pub(crate) fn is_empty(&self) -> bool {
        self.spans.is_empty()
            && self.logs.is_empty()
            && self.metrics.is_empty()
            && self.profile.is_none()
            && self.feedback.is_none()
    }
}

/// What a list of telemetry asks for; newest first. What is `None` or empty does not narrow.
#[derive(Debug, Clone)]
pub(crate) struct TelemetryFilter {
    pub(crate) scope: ProjectScope,
    /// From here on, by the time at which it happened.
    pub(crate) since: Option<Micros>,
    /// Before this.
    pub(crate) until: Option<Micros>,
    pub(crate) trace: Option<TraceKey>,
    /// The transaction's or segment's name (spans, profiles); the metric's name (metrics).
    pub(crate) name: Option<String>,
    /// Spans only: of this operation.
    pub(crate) op: Option<String>,
    /// Spans only: transactions and segments, without what is inside.
    pub(crate) segments_only: bool,
    /// Logs only: at least this severe.
    pub(crate) severity: Option<u8>,
    /// Logs only: every word occurs in the text, whatever the case.
    pub(crate) words: Vec<String>,
    pub(crate) release: Option<String>,
    pub(crate) environment: Option<String>,
    pub(crate) page: PageRequest,
}

impl TelemetryFilter {
    /// The newest `limit` of these projects.
    pub(crate) fn newest(scope: ProjectScope, limit: usize) -> Self {
        Self {
            scope,
            since: None,
            until: None,
            trace: None,
            name: None,
            op: None,
            segments_only: false,
            severity: None,
            words: Vec::new(),
            release: None,
            environment: None,
            page: PageRequest { cursor: None, limit },
        }
    }
}
