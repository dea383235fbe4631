//! A call site: what one line of a stack text means, ready to be sent.

use std::fmt;
use std::sync::Arc;

use serde_json::value::{RawValue, to_raw_value};
use watchpost_core::{Frame, LookUp, Stacktrace, Walked};

/// Longer names are left to the core, which cuts them and says so.
const LONGEST_NAME: usize = 1024;

/// A frame, also as JSON: the stack of an event is then a list of pointers, and writing it a copy.
#[derive(Debug)]
pub(crate) struct Site {
    frame: Frame,
    json: Option<Arc<RawValue>>,
}

impl Site {
    /// The site that this frame stands for.
    pub(crate) fn new(frame: Frame) -> Self {
        let names = [&frame.function, &frame.module, &frame.filename, &frame.abs_path];
        let is_short = names.into_iter().flatten().all(|name| name.len() <= LONGEST_NAME);
        let json = is_short.then(|| to_raw_value(&frame).ok()).flatten().map(Arc::from);
        Self { frame, json }
    }
}

/// The sites of a stack, the outermost first.
#[derive(Debug, Clone)]
pub(crate) struct Sites(Arc<Known>);

impl Sites {
    /// Nothing if there are none.
    pub(crate) fn new(sites: Vec<Arc<Site>>) -> Option<Self> {
        (!sites.is_empty()).then(|| Self(Arc::new(Known(sites))))
    }

    /// The stack of these sites.
    pub(crate) fn stacktrace(&self) -> Stacktrace {
        let known = &self.0;
        let json: Option<Vec<Arc<RawValue>>> = known.0.iter().map(|site| site.json.clone()).collect();
        match json {
            Some(json) => Stacktrace::walked(Walked::known(json, Arc::<Known>::clone(known))),
            None => Stacktrace { frames: known.frames(), ..Stacktrace::default() },
        }
    }

    /// The same, of the list that [`list`](Self::list) made.
    pub(crate) fn listed(&self, list: Arc<RawValue>) -> Stacktrace {
        Stacktrace::walked(Walked::list(list, Arc::<Known>::clone(&self.0)))
    }

    /// The frames as one list, if all of them are JSON and it is no longer than `most` bytes.
    pub(crate) fn list(&self, most: usize) -> Option<Arc<RawValue>> {
        let frames: Option<Vec<&str>> = self.0.0.iter().map(|site| Some(site.json.as_ref()?.get())).collect();
        let frames = frames?;
        let length: usize = frames.iter().map(|frame| frame.len() + 1).sum();
        if length > most {
            return None;
        }
        RawValue::from_string(format!("[{}]", frames.join(","))).ok().map(Arc::from)
    }
}

/// The frames themselves, for hooks and rules that look at them.
struct Known(Vec<Arc<Site>>);

impl LookUp for Known {
    fn frames(&self) -> Vec<Frame> {
        self.0.iter().map(|site| site.frame.clone()).collect()
    }

    fn without_line(&self) -> &[usize] {
        &[]
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}
