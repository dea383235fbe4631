//! What happened before.

use serde::{Deserialize, Serialize};

use super::{Data, Level, Map, Timestamp};
use crate::text::Text;

/// One step on the way to an event (breadcrumbs, published spec 1.1.0).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Breadcrumb {
    /// When; filled in by `add_breadcrumb` if missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// `default`, `debug`, `error`, `navigation`, `http`, `info`, `query`, `transaction`, `ui` or `user`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub ty: Option<Text>,
    /// A dotted name of where it comes from, like `auth.login`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Text>,
    /// Text for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Text>,
    /// `info` if missing.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::lists::level")]
    pub level: Option<Level>,
    /// What made it, like `auto.http.axum`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Text>,
    /// Anything else.
    #[serde(
        default,
        skip_serializing_if = "Data::is_empty",
        deserialize_with = "super::lists::null_is_default"
    )]
    pub data: Data,
    /// Fields that the core does not know.
    #[serde(flatten, deserialize_with = "unknown")]
    pub other: Option<Box<Map>>,
}

/// Hardly any breadcrumb has some: they cost a pointer.
fn unknown<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Box<Map>>, D::Error> {
    let map = Map::deserialize(deserializer)?;
    Ok((!map.is_empty()).then(|| Box::new(map)))
}
