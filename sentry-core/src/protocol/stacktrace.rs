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
    /// `registers` and what else there may be.
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
            #[serde(flatten)]
            other: &'a Map,
        }
        let other = &self.other;
        match &self.walked {
            Some(walked) => Wire { frames: walked.json(), other }.serialize(serializer),
            None => Wire { frames: &self.frames, other }.serialize(serializer),
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
