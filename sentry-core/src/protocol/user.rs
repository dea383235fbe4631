//! Who was affected.

use serde::{Deserialize, Serialize};

use super::Map;
use crate::text::Text;

/// The user of the application. Never filled in by itself: only by the application, or with `send_default_pii`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// The application's own id.
    #[serde(skip_serializing_if = "Option::is_none", default, deserialize_with = "text_or_number")]
    pub id: Option<Text>,
    /// The login name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<Text>,
    /// The mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Text>,
    /// The address; `{{auto}}` lets the server use the connection's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<Text>,
    /// Anything else, `geo` included.
    #[serde(flatten)]
    pub other: Map,
}

/// Database ids are numbers; on the wire an id is text.
fn text_or_number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Text>, D::Error> {
    Ok(match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.into()),
        other => Some(other.to_string().into()),
    })
}
