//! Session replays: what all pieces of one say together.

use serde_json::Value;

use super::types::{EventKey, ProjectId};
use crate::instant::Micros;

/// What one piece of a replay tells about the whole.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct NewReplay {
    pub(crate) project: ProjectId,
    pub(crate) replay: EventKey,
    pub(crate) segment: u32,
    pub(crate) started: Micros,
    pub(crate) finished: Micros,
    /// `session` or `buffer`.
    pub(crate) kind: String,
    pub(crate) platform: String,
    pub(crate) release: Option<String>,
    pub(crate) environment: Option<String>,
    /// JSON text of the user.
    pub(crate) user: Option<String>,
    pub(crate) urls: Vec<String>,
    pub(crate) errors: Vec<String>,
    pub(crate) traces: Vec<String>,
}

/// A replay as it is listed; its pieces are items under its id.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Replay {
    /// Its number in the store.
    pub(crate) row: i64,
    pub(crate) project: ProjectId,
    pub(crate) replay: EventKey,
    pub(crate) started: Micros,
    pub(crate) finished: Micros,
    pub(crate) segments: i64,
    pub(crate) kind: String,
    pub(crate) platform: String,
    pub(crate) release: Option<String>,
    pub(crate) environment: Option<String>,
    pub(crate) user: Value,
    /// Lists of texts.
    pub(crate) urls: Value,
    pub(crate) errors: Value,
    pub(crate) traces: Value,
}
