//! What happened before.

use serde::{Deserialize, Serialize, Serializer};

use super::{Data, Level, Map, Timestamp};
use crate::text::Text;

/// One step on the way to an event (breadcrumbs, published spec 1.1.0).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Breadcrumb {
    /// When; filled in by `add_breadcrumb` if missing.
    pub timestamp: Option<Timestamp>,
    /// `default`, `debug`, `error`, `navigation`, `http`, `info`, `query`, `transaction`, `ui` or `user`.
    #[serde(rename = "type")]
    pub ty: Option<Text>,
    /// A dotted name of where it comes from, like `auth.login`.
    pub category: Option<Text>,
    /// Text for people.
    pub message: Option<Text>,
    /// `info` if missing.
    #[serde(default, deserialize_with = "super::lists::level")]
    pub level: Option<Level>,
    /// What made it, like `auto.http.axum`.
    pub origin: Option<Text>,
    /// Anything else.
    #[serde(default, deserialize_with = "super::lists::null_is_default")]
    pub data: Data,
    /// Fields that the core does not know.
    #[serde(flatten, deserialize_with = "unknown")]
    pub other: Option<Box<Map>>,
}

/// A struct of known fields is written faster than an object of any; an event has a hundred of these.
impl Serialize for Breadcrumb {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Known<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            timestamp: Option<Timestamp>,
            #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
            ty: Option<&'a Text>,
            #[serde(skip_serializing_if = "Option::is_none")]
            category: Option<&'a Text>,
            #[serde(skip_serializing_if = "Option::is_none")]
            message: Option<&'a Text>,
            #[serde(skip_serializing_if = "Option::is_none")]
            level: Option<Level>,
            #[serde(skip_serializing_if = "Option::is_none")]
            origin: Option<&'a Text>,
            #[serde(skip_serializing_if = "Data::is_empty")]
            data: &'a Data,
        }
        #[derive(Serialize)]
        struct Open<'a> {
            #[serde(flatten)]
            known: Known<'a>,
            #[serde(flatten)]
            other: &'a Map,
        }
        let Self { timestamp, ty, category, message, level, origin, data, other } = self;
        let (ty, category, message) = (ty.as_ref(), category.as_ref(), message.as_ref());
        let known = Known {
            timestamp: *timestamp,
            ty,
            category,
            message,
            level: *level,
            origin: origin.as_ref(),
            data,
        };
        match other {
            None => known.serialize(serializer),
            Some(other) => Open { known, other }.serialize(serializer),
        }
    }
}

/// Hardly any breadcrumb has some: they cost a pointer.
fn unknown<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Box<Map>>, D::Error> {
    let map = Map::deserialize(deserializer)?;
    Ok((!map.is_empty()).then(|| Box::new(map)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_read_is_written_again() {
        for wire in [
            json!({}),
            json!({"timestamp": 1.5, "type": "http", "category": "c", "message": "m", "level": "warning",
                "origin": "o", "data": {"n": 1}}),
            json!({"message": "m", "unknown": {"kept": true}, "event_id": null}),
        ] {
            let crumb: Breadcrumb = serde_json::from_value(wire.clone()).unwrap();
            assert_eq!(serde_json::to_value(&crumb).unwrap(), wire);
        }
    }
}
