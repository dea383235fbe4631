//! Where it went wrong.

use serde::{Deserialize, Serialize, Serializer};

use super::{Map, Walked, lists};
use crate::text::Text;

/// The frames from the outermost caller to the one that failed.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Stacktrace {
    /// Oldest call first, the failing one last.
    #[serde(default, deserialize_with = "lists::null_is_default")]
    pub frames: Vec<Frame>,
    /// A native stack in the place of `frames`, which are then empty: they are filled in for the first hook or rule
    /// that may look at them.
    #[serde(skip)]
    pub walked: Option<Walked>,
    /// The processor's registers at the last frame: `0x` and hex digits by name.
    #[serde(default, skip_serializing_if = "Map::is_empty", deserialize_with = "lists::null_is_default")]
    pub registers: Map,
    /// Anything else.
    #[serde(flatten)]
    pub other: Map,
}

impl Stacktrace {
    /// A stack whose frames are written as they were walked.
    pub fn walked(walked: Walked) -> Self {
        Self { walked: Some(walked), ..Self::default() }
    }

    /// Fills in the frames of a native stack, on the calling thread.
    pub fn look_up(&mut self) {
        if let Some(walked) = self.walked.take() {
            self.frames = walked.look_up();
        }
    }

    /// Whose addresses are stored in the place of names; `None` if there are names.
    pub(crate) fn origin(&self) -> Option<&Text> {
        self.walked.as_ref()?.origin()
    }
}

impl Serialize for Stacktrace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Wire<'a, F> {
            frames: F,
            #[serde(skip_serializing_if = "Map::is_empty")]
            registers: &'a Map,
            #[serde(flatten)]
            other: &'a Map,
        }
        let Self { registers, other, .. } = self;
        match &self.walked {
            Some(walked) => Wire { frames: walked.json(), registers, other }.serialize(serializer),
            None => Wire { frames: &self.frames, registers, other }.serialize(serializer),
        }
    }
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
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lists::number")]
    pub lineno: Option<u32>,
    /// From 1.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lists::number")]
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
    /// The function as the compiler wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw_function: Option<Text>,
    /// The platform, if it is not the event's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Text>,
    /// Where the function begins: `0x` and hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol_addr: Option<Text>,
    /// Where the library was loaded: `0x` and hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_addr: Option<Text>,
    /// What `instruction_addr` counts from: `abs`, `rel:<debug_id>` or `rel:<index>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addr_mode: Option<Text>,
    /// Where the source can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_link: Option<Text>,
    /// True for the first frame of a stack that was started by another one, like a thread or task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_start: Option<bool>,
    /// Anything else.
    #[serde(flatten)]
    pub other: Map,
}
