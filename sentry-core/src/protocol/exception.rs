//! What went wrong.

use serde::{Deserialize, Serialize};

use super::{Map, Stacktrace, Value};
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

/// How an exception was caught.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Mechanism {
    /// `generic` for captures by the user, else `auto.<what>.<library>`.
    #[serde(rename = "type", default)]
    pub ty: Text,
    /// False when nobody caught it but the SDK.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handled: Option<bool>,
    /// True when the type means nothing: group by frames.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synthetic: Option<bool>,
    /// Unique in the event; 0 is the root, which stands last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exception_id: Option<u32>,
    /// The exception that this one belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<u32>,
    /// True for types that hold several others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_exception_group: Option<bool>,
    /// The attribute of the parent it came from, like `__cause__`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Text>,
    /// `description`, `help_link`, `data`, `meta` and what else there may be.
    #[serde(flatten)]
    pub other: Map,
}
