//! The HTTP request during which it happened.

use serde::{Deserialize, Serialize};

use super::{Map, Value};
use crate::text::Text;

/// An HTTP request as the application saw it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The address, without query and credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Text>,
    /// `GET`, `POST` ...
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<Text>,
    /// Text, or an object, or a list of pairs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_string: Option<Value>,
    /// The body: text, or the parsed object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// Text, or an object, or a list of pairs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookies: Option<Value>,
    /// An object, or a list of pairs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<Value>,
    /// The server's environment, like `REMOTE_ADDR`.
    #[serde(
        default,
        skip_serializing_if = "Map::is_empty",
        deserialize_with = "super::lists::null_is_default"
    )]
    pub env: Map,
    /// Anything else.
    #[serde(flatten)]
    pub other: Map,
}
