//! The first line of an envelope.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::protocol::lists::lenient;
use crate::protocol::{EventId, Map, SdkInfo};

/// The header of a stored envelope whose event has stacks of addresses, with their origin as its value. It is removed
/// when they are filled in; to servers it means nothing.
pub const RAW_FRAMES: &str = "raw_frames";

/// Headers of an envelope; all are optional.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EnvelopeHeader {
    /// The id of the event, transaction or feedback inside; wins over the payload's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<EventId>,
    /// For tunnels, and for envelopes that authenticate themselves.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub dsn: Option<String>,
    /// The SDK that made it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub sdk: Option<SdkInfo>,
    /// RFC 3339, written at the moment of sending and never stored.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub sent_at: Option<String>,
    /// The dynamic sampling context; all values are text.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub trace: Option<Arc<Map>>,
    /// Headers that the core does not know.
    #[serde(flatten)]
    pub other: Map,
}
