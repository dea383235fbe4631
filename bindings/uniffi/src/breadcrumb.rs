//! A breadcrumb as a record.

use watchpost_bindings::parse;
use watchpost_core::{Breadcrumb, Data, Result, Timestamp};

use crate::level::HostLevel;

/// Something that happened before an event.
#[derive(Debug, Clone, Default, PartialEq, uniffi::Record)]
pub struct HostBreadcrumb {
    /// Seconds since 1970; now, if absent.
    #[uniffi(default)]
    pub timestamp: Option<f64>,
    /// `default`, `http`, `navigation` ...
    #[uniffi(default)]
    pub kind: Option<String>,
    /// A dotted name of where it comes from.
    #[uniffi(default)]
    pub category: Option<String>,
    /// Text for people.
    #[uniffi(default)]
    pub text: Option<String>,
    /// `info` if absent.
    #[uniffi(default)]
    pub level: Option<HostLevel>,
    /// What made it, like `auto.http.okhttp`.
    #[uniffi(default)]
    pub origin: Option<String>,
    /// A JSON object.
    #[uniffi(default)]
    pub data_json: Option<String>,
}

impl HostBreadcrumb {
    pub(crate) fn into_core(self) -> Result<Breadcrumb> {
        let data = self.data_json.map(|json| parse::<Data>("breadcrumb.data", &json)).transpose()?;
        Ok(Breadcrumb {
            timestamp: self.timestamp.and_then(Timestamp::from_seconds),
            ty: self.kind.map(Into::into),
            category: self.category.map(Into::into),
            message: self.text.map(Into::into),
            level: self.level.map(Into::into),
            origin: self.origin.map(Into::into),
            data: data.unwrap_or_default(),
            other: None,
        })
    }

    pub(crate) fn from_core(crumb: &Breadcrumb) -> Self {
        Self {
            timestamp: crumb.timestamp.map(|time| time.seconds()),
            kind: crumb.ty.clone().map(Into::into),
            category: crumb.category.clone().map(Into::into),
            text: crumb.message.clone().map(Into::into),
            level: crumb.level.map(Into::into),
            origin: crumb.origin.clone().map(Into::into),
            data_json: (!crumb.data.is_empty())
                .then(|| serde_json::Value::from(crumb.data.clone()).to_string()),
        }
    }
}
