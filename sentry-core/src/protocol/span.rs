//! A finished span inside a transaction.

use serde::{Deserialize, Serialize};

use super::lists::{null_is_default, wire_names};
use super::{Data, Map, SpanId, SpanLink, Tags, Timestamp, TraceId};
use crate::text::Text;

wire_names! {
    /// How the work of a span ended (span status, published spec).
    pub enum SpanStatus {
        /// It did what it was to do.
        Ok = "ok",
        /// The caller gave up.
        Cancelled = "cancelled",
        /// Nobody knows.
        Unknown = "unknown",
        /// Nobody knows, but it failed.
        UnknownError = "unknown_error",
        /// The caller asked for something impossible.
        InvalidArgument = "invalid_argument",
        /// It took too long.
        DeadlineExceeded = "deadline_exceeded",
        /// There is no such thing.
        NotFound = "not_found",
        /// There is such a thing already.
        AlreadyExists = "already_exists",
        /// The caller may not do that.
        PermissionDenied = "permission_denied",
        /// A quota or limit is used up.
        ResourceExhausted = "resource_exhausted",
        /// The system is in the wrong state for it.
        FailedPrecondition = "failed_precondition",
        /// It was stopped halfway, by a conflict for example.
        Aborted = "aborted",
        /// Past the valid range.
        OutOfRange = "out_of_range",
        /// There is no implementation.
        Unimplemented = "unimplemented",
        /// A fault of the system itself.
        InternalError = "internal_error",
        /// It cannot be reached right now.
        Unavailable = "unavailable",
        /// Data is lost or damaged.
        DataLoss = "data_loss",
        /// The caller did not say who it is.
        Unauthenticated = "unauthenticated",
    }
}

impl SpanStatus {
    /// The status that an HTTP response stands for; `None` for codes that say nothing.
    pub const fn from_http(code: u16) -> Option<Self> {
        Some(match code {
            100..=399 => Self::Ok,
            401 => Self::Unauthenticated,
            403 => Self::PermissionDenied,
            404 => Self::NotFound,
            409 => Self::AlreadyExists,
            413 => Self::FailedPrecondition,
            429 => Self::ResourceExhausted,
            499 => Self::Cancelled,
            400..=498 => Self::InvalidArgument,
            501 => Self::Unimplemented,
            503 => Self::Unavailable,
            504 => Self::DeadlineExceeded,
            500..=599 => Self::InternalError,
            _ => return None,
        })
    }

    /// True for a status that stands for success.
    pub const fn is_ok(self) -> bool {
        matches!(self, Self::Ok)
    }
}

/// A span that has ended, as it stands in a transaction's `spans` (span interface, published spec).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SpanPayload {
    /// Its own id.
    pub span_id: SpanId,
    /// The trace that it belongs to.
    pub trace_id: TraceId,
    /// The span that it was started in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_span_id: Option<SpanId>,
    /// What kind of work it is: `db.query`, `http.client`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub op: Option<Text>,
    /// Which work it is: the query, the method and address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Text>,
    /// When it began.
    pub start_timestamp: Timestamp,
    /// When it ended.
    pub timestamp: Timestamp,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<SpanStatus>,
    /// What made it: `manual`, `auto.http.axum`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Text>,
    /// Short text that can be searched.
    #[serde(default, skip_serializing_if = "Tags::is_empty", deserialize_with = "null_is_default")]
    pub tags: Tags,
    /// Its attributes.
    #[serde(default, skip_serializing_if = "Data::is_empty", deserialize_with = "null_is_default")]
    pub data: Data,
    /// Other spans that it has to do with, 128 at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_default")]
    pub links: Vec<SpanLink>,
    /// Fields that the core does not know.
    #[serde(flatten)]
    pub other: Map,
}
