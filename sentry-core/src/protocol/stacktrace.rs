//! Where it went wrong.

use serde::{Deserialize, Serialize};

use super::{Map, lists};
use crate::text::Text;

/// The frames from the outermost caller to the one that failed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Stacktrace {
    /// Oldest call first, the failing one last.
    #[serde(default, deserialize_with = "lists::null_is_default")]
    pub frames: Vec<Frame>,
    /// `registers` and what else there may be.
    #[serde(flatten)]
    pub other: Map,
}

/// One call. Needs one of `filename`, `function` and `instruction_addr`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// Relative to the project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<Text>,
    /// As the system knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abs_path: Option<Text>,
    /// The function, demangled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<Text>,
    /// The module, class or crate path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<Text>,
    /// From 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lineno: Option<u32>,
    /// From 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colno: Option<u32>,
    /// The lines before, at most 5.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "lists::null_is_default")]
    pub pre_context: Vec<Text>,
    /// The line itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_line: Option<Text>,
    /// The lines after, at most 5.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "lists::null_is_default")]
    pub post_context: Vec<Text>,
    /// True for the application's own code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_app: Option<bool>,
    /// Local variables.
    #[serde(default, skip_serializing_if = "Map::is_empty", deserialize_with = "lists::null_is_default")]
    pub vars: Map,
    /// `0x` and hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instruction_addr: Option<Text>,
    /// The library that the code belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<Text>,
    /// `raw_function`, `symbol_addr`, `platform` and what else there may be.
    #[serde(flatten)]
    pub other: Map,
}
