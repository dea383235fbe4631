//! A native stack that need not be looked up to be stored.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;

use super::Frame;
use crate::text::Text;

/// A native stack as it was walked: each frame already as JSON, and a way to the frames themselves.
///
/// Looking an address up costs far more than walking over it. So frames are made once per address and kept as
/// JSON; the stack of an event is then a list of pointers. Addresses that nobody has met before are stored
/// [raw](Self::raw), for the transport's thread to look up.
#[derive(Clone)]
pub struct Walked {
    json: Json,
    origin: Option<Text>,
    look_up: Arc<dyn LookUp>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum Json {
    Frames(Vec<Arc<RawValue>>),
    List(Arc<RawValue>),
}

/// Makes the frames of a stack.
pub trait LookUp: Send + Sync {
    /// The frames, the outermost first. Called on the capturing thread, and may be slow.
    fn frames(&self) -> Vec<Frame>;

    /// The return addresses of the frames without a line. Where the debug information is, they may get one.
    fn without_line(&self) -> &[usize];
}

impl Walked {
    /// A stack whose frames are known, the outermost first.
    pub fn known(json: Vec<Arc<RawValue>>, look_up: Arc<dyn LookUp>) -> Self {
        Self { json: Json::Frames(json), origin: None, look_up }
    }

    /// The same for a stack that was met before, as one list. Nothing is left out of it any more: it has a hundred frames at
    /// most.
    pub fn list(json: Arc<RawValue>, look_up: Arc<dyn LookUp>) -> Self {
        Self { json: Json::List(json), origin: None, look_up }
    }

    /// A stack of which only addresses are known (`instruction_addr`), the outermost first, in the memory of the
    /// process that `origin` names. A [`Resolver`](crate::Resolver) fills them in before they are sent.
    pub fn raw(json: Vec<Arc<RawValue>>, origin: Text, look_up: Arc<dyn LookUp>) -> Self {
        Self { json: Json::Frames(json), origin: Some(origin), look_up }
    }

    /// Whose addresses are stored; `None` if names are.
    pub(crate) fn origin(&self) -> Option<&Text> {
        self.origin.as_ref()
    }

    /// The return addresses of the frames without a line.
    pub fn without_line(&self) -> &[usize] {
        self.look_up.without_line()
    }

    /// Keeps `ends` frames at each end.
    pub(crate) fn shorten(&mut self, ends: usize) {
        if let Json::Frames(frames) = &mut self.json
            && frames.len() > 2 * ends
        {
            frames.drain(ends..frames.len() - ends);
        }
    }

    pub(super) fn json(&self) -> impl Serialize + use<'_> {
        &self.json
    }

    pub(super) fn look_up(&self) -> Vec<Frame> {
        self.look_up.frames()
    }
}

impl PartialEq for Walked {
    fn eq(&self, other: &Self) -> bool {
        let text = |walked: &Self| serde_json::to_string(&walked.json).ok();
        self.origin == other.origin && text(self) == text(other)
    }
}

impl fmt::Debug for Walked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { json, origin, .. } = self;
        f.debug_struct("Walked").field("frames", json).field("origin", origin).finish_non_exhaustive()
    }
}
