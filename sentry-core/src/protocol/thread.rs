//! The threads of the process.

use serde::{Deserialize, Serialize};

use super::{Map, Stacktrace, Value};
use crate::text::Text;

/// A thread at the time of an event.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Thread {
    /// Unique in the event; a number or text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// True if this one went down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crashed: Option<bool>,
    /// True if this one captured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<bool>,
    /// True for the first thread of the process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub main: Option<bool>,
    /// What it was doing, like `RUNNABLE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<Text>,
    /// The locks that it held or waited for, by address.
    #[serde(
        default,
        skip_serializing_if = "Map::is_empty",
        deserialize_with = "super::lists::null_is_default"
    )]
    pub held_locks: Map,
    /// Where it was; not for the crashed thread, whose frames are the exception's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stacktrace: Option<Stacktrace>,
    /// Anything else.
    #[serde(flatten)]
    pub other: Map,
}
