//! Release health on the wire.

use serde::{Deserialize, Serialize};

use super::{EventId, Timestamp};
use crate::protocol::lists::wire_names;
use crate::text::Text;

wire_names! {
    /// How a session is doing, or how it ended.
    pub enum SessionStatus {
        /// It goes on.
        Ok = "ok",
        /// It ended as it should.
        Exited = "exited",
        /// An error that nobody handled ended it.
        Crashed = "crashed",
        /// It ended, and nobody knows how: the process was killed.
        Abnormal = "abnormal",
    }
}

/// The payload of a `session` item: one state of one session (sessions, published spec).
///
/// The first that is sent of a session has `init`; each later one repeats everything, with a higher `seq`, and only
/// `status`, `duration` and `errors` differ. After a status other than `ok` nothing follows. Times are RFC 3339.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionUpdate {
    /// The session's id.
    pub sid: EventId,
    /// Whose session it is: an id that the application gave its user. The server hashes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub did: Option<Text>,
    /// True for the first transmission and no other.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub init: bool,
    /// Grows with every transmission, from 0.
    pub seq: u64,
    /// When this state was taken.
    #[serde(with = "rfc3339")]
    pub timestamp: Timestamp,
    /// When the session began.
    #[serde(with = "rfc3339")]
    pub started: Timestamp,
    /// How long it lasted, in seconds, once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// How it is doing.
    pub status: SessionStatus,
    /// Errors so far, a crash among them.
    pub errors: u64,
    /// What belongs to the whole session.
    pub attrs: SessionAttributes,
}

/// What a session shares with others of its release.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SessionAttributes {
    /// The version of the application.
    pub release: Text,
    /// Where it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<Text>,
    /// The user's address; only with `send_default_pii`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<Text>,
}

/// The payload of a `sessions` item: sessions that were never sent one by one, counted by minute.
///
/// Limit: 100 buckets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionAggregates {
    /// The counts.
    pub aggregates: Vec<SessionBucket>,
    /// What they share.
    pub attrs: SessionAttributes,
}

/// The sessions that began in one minute, of one user where the user is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionBucket {
    /// The minute, RFC 3339.
    #[serde(with = "rfc3339")]
    pub started: Timestamp,
    /// Whose sessions they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub did: Option<Text>,
    /// Ended without an error.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub exited: u64,
    /// Ended as they should, with errors on the way.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub errored: u64,
    /// Ended by an error that nobody handled.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub crashed: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Servers read times of sessions in this form only.
mod rfc3339 {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Timestamp;

    pub(super) fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&time.to_rfc3339())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        Timestamp::deserialize(deserializer)
    }
}
