//! The files that addresses and minified code are looked up in.

use serde::{Deserialize, Serialize};

use super::{Map, Value, lists};
use crate::text::Text;

/// What a server needs to find symbols and source maps.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DebugMeta {
    /// One per loaded library, obfuscated build or source map.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "lists::null_is_default")]
    pub images: Vec<DebugImage>,
    /// The system's SDK; on iOS only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sdk_info: Option<Value>,
    /// Anything else.
    #[serde(flatten)]
    pub other: Map,
}

/// A library (`macho`, `elf`, `pe`, `wasm`), an obfuscated build (`proguard`) or a source map (`sourcemap`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DebugImage {
    /// Which of them.
    #[serde(rename = "type", default)]
    pub ty: Text,
    /// Identifies the debug information: a UUID, for `pe` with the age behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debug_id: Option<Text>,
    /// Identifies the code: the build id, or time stamp and size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_id: Option<Text>,
    /// The library's path; of a source map what frames have as `abs_path`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_file: Option<Text>,
    /// The path of the debug information.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debug_file: Option<Text>,
    /// Where it was loaded: `0x` and hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_addr: Option<Text>,
    /// In bytes.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lists::number")]
    pub image_size: Option<u64>,
    /// Where it wanted to be loaded: `0x` and hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_vmaddr: Option<Text>,
    /// The processor, like `x86_64`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arch: Option<Text>,
    /// Of `proguard`: the id of the mapping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<Text>,
    /// Anything else.
    #[serde(flatten)]
    pub other: Map,
}

/// What does not have the shape is kept as it is.
impl From<Map> for DebugMeta {
    fn from(map: Map) -> Self {
        serde_json::from_value(Value::Object(map.clone())).unwrap_or(Self { other: map, ..Self::default() })
    }
}
