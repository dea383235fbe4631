//! How an exception was caught and how it hangs together with the others.

use serde::{Deserialize, Serialize};

use super::{Map, lists};
use crate::text::Text;

/// How an exception was caught.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Mechanism {
    /// `generic` for captures by the user, else `auto.<what>.<library>`.
    #[serde(rename = "type", default, deserialize_with = "lists::null_is_default")]
    pub ty: Text,
    /// Text for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Text>,
    /// Where to read more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help_link: Option<Text>,
    /// False when nobody caught it but the SDK.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handled: Option<bool>,
    /// True when the type means nothing: group by frames.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synthetic: Option<bool>,
    /// Unique in the event; 0 is the root, which stands last.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lists::number")]
    pub exception_id: Option<u32>,
    /// The exception that this one belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lists::number")]
    pub parent_id: Option<u32>,
    /// True for types that hold several others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_exception_group: Option<bool>,
    /// The attribute of the parent it came from, like `__cause__`, `cause` or `errors[1]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Text>,
    /// What the system says about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta: Option<Box<MechanismMeta>>,
    /// What the library says about it.
    #[serde(default, skip_serializing_if = "Map::is_empty", deserialize_with = "lists::null_is_default")]
    pub data: Map,
    /// Anything else.
    #[serde(flatten)]
    pub other: Map,
}

/// What the system says about an error.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MechanismMeta {
    /// The signal that was raised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<SignalMeta>,
    /// The exception of a Mach kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mach_exception: Option<MachException>,
    /// The error of Apple's libraries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ns_error: Option<NsError>,
    /// The error number of the C library.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errno: Option<Errno>,
    /// Anything else.
    #[serde(flatten)]
    pub other: Map,
}

/// A signal.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SignalMeta {
    /// Like 11.
    pub number: i64,
    /// Its `si_code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// Like `SIGSEGV`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// Like `SEGV_MAPERR`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_name: Option<Text>,
    /// Anything else.
    #[serde(flatten)]
    pub other: Map,
}

/// An exception of a Mach kernel.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MachException {
    /// Its number.
    pub exception: i64,
    /// The first code.
    pub code: u64,
    /// The second code.
    pub subcode: u64,
    /// Like `EXC_BAD_ACCESS`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// Anything else.
    #[serde(flatten)]
    pub other: Map,
}

/// An error of Apple's libraries.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NsError {
    /// Its number.
    pub code: i64,
    /// Whose numbers those are.
    pub domain: Text,
    /// Anything else.
    #[serde(flatten)]
    pub other: Map,
}

/// An error number of the C library.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Errno {
    /// Like 2.
    pub number: i64,
    /// Like `ENOENT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// Anything else.
    #[serde(flatten)]
    pub other: Map,
}
