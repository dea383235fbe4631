//! What went wrong.

use serde::{Deserialize, Serialize};

use super::{Map, Mechanism, Stacktrace, Value};
use crate::text::Text;

/// One error of a chain. In an event the oldest cause comes first, the one that was caught comes last.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Exception {
    /// The class or type. One of `ty` and `value` is required.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub ty: Option<Text>,
    /// The message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Text>,
    /// Where the type is defined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<Text>,
    /// The thread it was raised on: links to `threads`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<Value>,
    /// How it was caught and how it hangs together with the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mechanism: Option<Mechanism>,
    /// Where it was raised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stacktrace: Option<Stacktrace>,
    /// Anything else.
    #[serde(flatten)]
    pub other: Map,
}
