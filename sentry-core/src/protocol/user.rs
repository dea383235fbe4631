//! Who was affected.

use serde::{Deserialize, Serialize};

use super::Map;
use crate::text::Text;

/// The user of the application. Never filled in by itself: only by the application, or with `send_default_pii`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// The application's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
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
    /// Where, as far as it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geo: Option<Geo>,
    /// Anything else.
    #[serde(flatten)]
    pub other: Map,
}

/// A place.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Geo {
    /// The city.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<Text>,
    /// Two letters, like `DE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country_code: Option<Text>,
    /// The part of the country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Text>,
    /// Anything else.
    #[serde(flatten)]
    pub other: Map,
}
