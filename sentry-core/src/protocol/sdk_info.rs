//! Which SDK made an event.

use serde::{Deserialize, Serialize};

use super::{Map, lists};
use crate::text::Text;

/// The SDK, in events and in envelope headers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SdkInfo {
    /// `watchpost.<language>[.<flavour>]`.
    #[serde(default)]
    pub name: Text,
    /// Plain semantic version.
    #[serde(default)]
    pub version: Text,
    /// All enabled integrations.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "lists::null_is_default")]
    pub integrations: Vec<Text>,
    /// The packages that the user installed.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "lists::null_is_default")]
    pub packages: Vec<SdkPackage>,
    /// What is switched on beside the integrations.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "lists::null_is_default")]
    pub features: Vec<Text>,
    /// What the server should know about the settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<SdkSettings>,
    /// Anything else.
    #[serde(flatten)]
    pub other: Map,
}

/// Settings that a server acts on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SdkSettings {
    /// Whether the server may take the connection's address for the user's: `auto`, `never` or `legacy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub infer_ip: Option<Text>,
    /// Anything else.
    #[serde(flatten)]
    pub other: Map,
}

/// A package, like `pypi:watchpost`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SdkPackage {
    /// `<registry>:<name>`.
    #[serde(default)]
    pub name: Text,
    /// Its version.
    #[serde(default)]
    pub version: Text,
}
