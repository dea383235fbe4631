//! A user as a record.

use watchpost_bindings::{parse, parse_value};
use watchpost_core::{Geo, Map, Result, User};

/// Who was using the app.
#[derive(Debug, Clone, Default, PartialEq, uniffi::Record)]
pub struct HostUser {
    /// The app's own id.
    #[uniffi(default)]
    pub id: Option<String>,
    /// The login name.
    #[uniffi(default)]
    pub username: Option<String>,
    /// The mail address.
    #[uniffi(default)]
    pub email: Option<String>,
    /// The address; `{{auto}}` lets the server use the connection's.
    #[uniffi(default)]
    pub ip_address: Option<String>,
    /// Anything else, as a JSON object.
    #[uniffi(default)]
    pub data_json: Option<String>,
}

impl HostUser {
    pub(crate) fn into_core(self) -> Result<User> {
        let other = self.data_json.map(|json| parse::<Map>("user", &json)).transpose()?;
        let mut other = other.unwrap_or_default();
        let geo = other.shift_remove("geo").map(|geo| parse_value::<Geo>("user.geo", geo)).transpose()?;
        Ok(User {
            id: self.id.map(Into::into),
            username: self.username.map(Into::into),
            email: self.email.map(Into::into),
            ip_address: self.ip_address.map(Into::into),
            geo,
            other,
        })
    }
}
